import Model

/// Whether looking for changes in a table is worth what it costs; pure.
///
/// The scan takes a third of what reading a table of narrow rows takes. Where nearly everything changes between two runs
/// it is paid for nothing, so after two such runs the table is read without it, and from time to time looked at again.
/// What is not scanned has no fingerprint: it can only be read again, never be taken over.
struct ScanRhythm: Sendable, Hashable {
    enum Decision: Sendable, Hashable {
        case compare
        /// Read without a look at what changed.
        case readOnly
        /// Read, and scan for the next run, which may compare again.
        case readAndScan
    }

    /// A table of fewer ranges says nothing about shares, and costs nothing.
    static let fewestRanges = 4
    static let busyShare = 0.6
    static let busyRuns = 2
    static let unscannedRuns = 6

    /// What the runs before found; nil when they found nothing of note.
    var history: TableRhythm?

    /// What to do in this run.
    var decision: Decision {
        guard let history, history.busy >= Self.busyRuns else { return .compare }
        return history.unscanned < Self.unscannedRuns ? .readOnly : .readAndScan
    }

    /// What the next run is told, when of `ranges` ranges `changed` had changed.
    func after(ranges: Int, changed: Int) -> TableRhythm? {
        switch decision {
        case .compare:
            guard ranges >= Self.fewestRanges, Double(changed) > Self.busyShare * Double(ranges) else { return nil }
            return TableRhythm(busy: (history?.busy ?? 0) + 1, unscanned: 0)
        case .readOnly: return history.map { TableRhythm(busy: $0.busy, unscanned: $0.unscanned + 1) }
        // One more run in which everything changes is enough to give up again.
        case .readAndScan: return TableRhythm(busy: Self.busyRuns - 1, unscanned: 0)
        }
    }
}
