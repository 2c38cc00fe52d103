/// What checks have found wrong with the points of one repository, and no check has taken back since.
///
/// A value folded from records in the order in which they ended. A finding is taken back only by a check that looked at
/// the whole point and at least as deeply: sizes and samples take back nothing, hashes do not answer for what did not
/// decrypt, and rows that differed are good again only when a drill says so.
package struct Findings: Sendable, Hashable {
    /// How deep a check must look to see what was found.
    private enum Depth: Sendable, Hashable, Comparable {
        case verified(VerifyDepth)
        /// Rows were restored and counted.
        case restored
    }

    private struct Finding: Sendable, Hashable {
        var reason: String
        var instant: Instant
        var depth: Depth
        /// The archives at fault, where that is known; nil when it may be any of the point's.
        var archives: [ArchiveID]?
    }

    /// A drill that failed.
    package struct FailedDrill: Sendable, Hashable {
        package var reason: String
        package var instant: Instant
        /// Whether a recovery would lack something; otherwise only an answer of the plan's own questions was another.
        package var showsLoss: Bool
    }

    private var findings: [PointName: [Finding]] = [:]
    /// Points of which the last drill that judged them failed, although what is stored is sound.
    package private(set) var failedDrills: [PointName: FailedDrill] = [:]
    /// Since when a recovery from a point would lack something.
    private var lossInstants: [PointName: Instant] = [:]

    /// Nothing was found.
    package init() {}

    /// The points that count as bad, each with what was found last.
    package var reasons: [PointName: String] { findings.compactMapValues(\.last?.reason) }

    /// What was found last of a point; nil when nothing is held against it.
    package func reason(of point: PointName) -> String? { findings[point]?.last?.reason }

    /// Since when a recovery from the point would lack something, as far as checks and drills know.
    ///
    /// What is found once more was known before: the first finding keeps its instant until nothing is held against the point.
    package func lossInstant(of point: PointName) -> Instant? { lossInstants[point] }

    /// Whether only a drill can take back what is held against the point; otherwise reading and decrypting all of it can.
    package func wantsDrill(_ point: PointName) -> Bool { findings[point]?.contains { $0.depth == .restored } ?? false }

    /// The archives at fault; nil when it may be any of the point's.
    package func archives(of point: PointName) -> [ArchiveID]? {
        let found = findings[point] ?? []
        let lists = found.compactMap(\.archives)
        return lists.count == found.count ? lists.flatMap(\.self) : nil
    }

    /// Takes the next record; those that are about no check change nothing.
    package mutating func add(_ record: RunRecord) {
        switch record.event {
        case .drill(let run):
            add(run, record.finished)
            dateLoss(of: [run.point], record.finished)
        case .verify(let run):
            add(run, record.finished)
            dateLoss(of: run.points + run.bad.map(\.point), record.finished)
        case .backup, .hold, .prune, .sync: break
        }
    }

    /// Looks at the record as a whole: a check that takes back a finding and makes it anew has acquitted nothing.
    private mutating func dateLoss(of points: [PointName], _ instant: Instant) {
        for point in points {
            let isLossy = findings[point] != nil || failedDrills[point]?.showsLoss == true
            lossInstants[point] = isLossy ? lossInstants[point] ?? instant : nil
        }
    }

    private mutating func add(_ run: DrillRun, _ instant: Instant) {
        if run.verdict == .proven {
            findings[run.point] = nil
            failedDrills[run.point] = nil
        }
        guard let reason = run.failureReason else { return }
        guard run.showsBadPoint else {
            failedDrills[run.point] = FailedDrill(reason: reason, instant: instant, showsLoss: run.showsLoss)
            return
        }
        // What was not there shows to whoever reads all bytes; what was there may be wrong only when it is decrypted.
        let isAbsent = run.failure?.code == "object-missing"
        let depth = run.tables.mismatches.isEmpty ? Depth.verified(isAbsent ? .bytes : .decrypted) : .restored
        findings[run.point, default: []].append(Finding(reason: reason, instant: instant, depth: depth))
    }

    private mutating func add(_ run: VerifyRun, _ instant: Instant) {
        let depth = run.depth ?? .bytes
        let isWhole = run.sample == nil && depth > .sizes
        for point in isWhole ? run.points : [] { takeBack(of: point, .verified(depth)) }
        for entry in run.bad {
            let found = Finding(
                reason: entry.reason,
                instant: instant,
                depth: .verified(entry.depth ?? depth),
                archives: run.damaged
            )
            // What was found deeper in the same archives is explained by this.
            if isWhole { takeBack(of: entry.point, explainedBy: found) }
            findings[entry.point, default: []].append(found)
        }
    }

    private mutating func takeBack(of point: PointName, _ depth: Depth) {
        keep(of: point) { $0.depth > depth }
    }

    private mutating func takeBack(of point: PointName, explainedBy found: Finding) {
        guard let archives = found.archives else { return }
        keep(of: point) { earlier in
            guard earlier.depth > found.depth, earlier.depth < .restored, let same = earlier.archives else {
                return true
            }
            return same.isEmpty || !Set(same).isSubset(of: archives)
        }
    }

    private mutating func keep(of point: PointName, where isKept: (Finding) -> Bool) {
        guard let left = findings[point]?.filter(isKept) else { return }
        findings[point] = left.isEmpty ? nil : left
    }
}
