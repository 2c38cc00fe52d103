package import Model

/// What the records say of points: which are held, which were found bad, which were proven.
///
/// A value folded from records in the order in which they ended; later ones win.
package struct Evidence: Sendable, Hashable {
    /// Held points with the reason.
    package private(set) var holds: [PointName: String] = [:]
    /// Points that failed a check and have passed none since, with the reason.
    package private(set) var bad: [PointName: String] = [:]
    /// For each of them the archives at fault, where that is known; nil when it may be any of its archives.
    private(set) var damaged: [PointName: [ArchiveID]?] = [:]
    /// Points that a drill proved, with the instant of the newest such drill.
    package private(set) var proven: [PointName: Instant] = [:]
    /// Points that a backup says it committed.
    package private(set) var committed: Set<PointName> = []
    /// Points that a prune removed, with the hashes of their objects.
    package private(set) var removed: [PointName: Set<String>] = [:]

    /// Folds `records`, which stand in the order of `Repository.records(plan:)`.
    package init(_ records: [StoredRecord]) {
        for stored in records { add(stored.record) }
    }

    private mutating func add(_ record: RunRecord) {
        switch record.event {
        case .backup(let run):
            if let point = run.point { committed.insert(point) }
        case .drill(let run):
            switch run.verdict {
            case .proven:
                proven[run.point] = record.finished
                acquit(run.point)
            case .failed:
                // An assertion that does not hold says something about the data, and nothing about the copy of it.
                guard run.showsBadPoint else { break }
                proven[run.point] = nil
                bad[run.point] = run.failure?.summary ?? run.tables.mismatches.first ?? "a drill failed"
                damaged.updateValue(nil, forKey: run.point)
            case .unverified: break
            }
        case .verify(let run):
            run.points.forEach { acquit($0) }
            for entry in run.bad {
                bad[entry.point] = entry.reason
                damaged.updateValue(run.damaged, forKey: entry.point)
            }
        case .hold(let change):
            holds[change.point] = change.reason
        case .sync(let run):
            for entry in run.points { committed.insert(entry.point) }
        case .prune(let run):
            for entry in run.removedPoints { removed[entry.point, default: []].insert(entry.sha256) }
        }
    }

    private mutating func acquit(_ point: PointName) {
        bad[point] = nil
        damaged[point] = nil
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
