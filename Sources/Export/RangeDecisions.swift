import Model

/// What becomes of one range in each destination; pure.
///
/// The range is read from the database once if any of them needs it, and stored only there.
struct RangeDecisions: Sendable, Hashable {
    enum Decision: Sendable, Hashable {
        case read(ReadReason)
        case takeOver(TableRange)
        case settled
    }

    /// By the destination's index.
    private(set) var decisions: [Decision] = []
    /// What the bases hold in which the range looks unchanged: they must be the same rows, and those that are read.
    private(set) var unchanged: [TableRange] = []
    /// Why the argument for taking over cannot be trusted in this run; nil when it can.
    private(set) var contradiction: String?

    /// Holds one scan against every base.
    init(_ prospects: [ReuseBasis.Prospect], _ scan: WindowedScan?, _ windows: ScanWindows) {
        for (prospect, position) in zip(prospects, windows.positions) {
            decisions.append(decide(prospect, scan?.seen(through: position)))
        }
        if let first = unchanged.first, unchanged.contains(where: { !$0.hasSameRows(as: first) }) {
            contradiction = "two repositories hold other rows for it, and neither looks changed"
        }
        guard contradiction != nil else { return }
        decisions = decisions.map { if case .takeOver = $0 { .read(.violation) } else { $0 } }
    }

    private mutating func decide(_ prospect: ReuseBasis.Prospect, _ scan: ScannedRange?) -> Decision {
        switch prospect {
        case .settled: return .settled
        case .read(let reason): return .read(reason)
        case .sameText: return .read(.small)
        case .candidate(let base, let isDue):
            guard let scan, let known = base.fingerprint else { return .read(.notComparable) }
            switch RangeVerdict(base: known, now: scan) {
            case .read(let reason): return .read(reason)
            case .contradiction:
                contradiction = "no row is new and none is missing, yet they are others"
                return .read(.violation)
            case .unchanged:
                unchanged.append(base)
                return isDue ? .read(.rereadDue) : .takeOver(base)
            }
        }
    }
}

extension TableRange {
    /// Whether two records are of the same COPY text.
    func hasSameRows(as other: TableRange) -> Bool { proof == other.proof && textBytes == other.textBytes }
}
