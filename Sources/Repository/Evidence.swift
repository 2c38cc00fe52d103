package import Model

/// What the records say of points: which are held, which were found bad, which were proven.
///
/// A value folded from records in the order in which they ended; later ones win.
package struct Evidence: Sendable, Hashable {
    /// Held points with the reason.
    package private(set) var holds: [PointName: String] = [:]
    /// What is held against points: a check found it, and none as deep has taken it back.
    package private(set) var findings = Findings()
    /// The points that count as bad, each with the reason.
    package var bad: [PointName: String] { findings.reasons }
    /// Points that a drill proved, with the instant of the newest such drill.
    package private(set) var proven: [PointName: Instant] = [:]
    /// Points that a backup says it committed.
    package private(set) var committed: Set<PointName> = []
    /// Points that a prune removed, with the hashes of their objects.
    package private(set) var removed: [PointName: Set<String>] = [:]
    /// Breaks in the chain of points that an operator accepted.
    private var accepted: [ChainBreak] = []

    /// Folds `records`, which stand in the order of `Repository.records(plan:)`.
    package init(_ records: [StoredRecord]) {
        for stored in records { add(stored.record) }
    }

    /// Whether somebody who may sign said that this break is known and meant.
    func accepts(_ broken: ChainBreak) -> Bool { accepted.contains { $0.covers(broken) } }

    private mutating func add(_ record: RunRecord) {
        findings.add(record)
        switch record.event {
        case .backup(let run):
            if let point = run.point { commit(point) }
        case .drill(let run):
            // An assertion that does not hold says something about the data, and nothing about the copy of it.
            if run.verdict == .proven { proven[run.point] = record.finished }
            if run.showsBadPoint { proven[run.point] = nil }
        case .verify: break
        case .hold(let change):
            holds[change.point] = change.reason
        case .sync(let run):
            for entry in run.points { commit(entry.point) }
        case .prune(let run):
            for entry in run.removedPoints { removed[entry.point, default: []].insert(entry.sha256) }
            accepted += run.accepted ?? []
        }
    }

    /// Of one that is there again, it is news when it goes again.
    private mutating func commit(_ point: PointName) {
        committed.insert(point)
        accepted.removeAll { $0.point == point && $0.found == nil }
    }
}

extension Repository {
    /// What the records of a plan, or of all, say of its points; with `since` those records only that the store has had
    /// since then.
    package func evidence(
        plan: PlanName? = nil,
        remembering: Bool = false,
        since: Instant? = nil
    ) throws -> Evidence {
        Evidence(try records(plan: plan, remembering: remembering, since: since))
    }

    /// The held points of a plan, each with the reason.
    package func holds(plan: PlanName? = nil) throws -> [PointName: String] {
        try evidence(plan: plan).holds
    }
}
