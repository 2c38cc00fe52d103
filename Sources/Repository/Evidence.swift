package import Model

/// What the records say of points: which are held, which were found bad, which were proven.
///
/// A value folded from records in the order of `Repository.records(plan:)`; later ones win.
package struct Evidence: Sendable, Hashable {
    /// Held points with the reason.
    package private(set) var holds: [PointName: String] = [:]
    /// What is held against points: a check found it, and none as deep has taken it back.
    package private(set) var findings = Findings()
    /// The points that count as bad, each with the reason.
    package var bad: [PointName: String] { findings.reasons }
    /// Points that a drill proved, with the instant of the newest such drill.
    package private(set) var proven: [PointName: Instant] = [:]
    /// Points on which a later backup cast doubt, and which no drill has proven since.
    package private(set) var suspect: [PointName: Suspicion] = [:]
    /// For each plan the points after the last that was read in full.
    private var sinceFullRead: [PlanName: [PointName]] = [:]
    /// Points that runs say they committed, and how often: a repair commits one anew.
    private var commits: [PointName: Int] = [:]
    /// Points that a prune removed, with the hashes of their objects.
    package private(set) var removed: [PointName: Set<String>] = [:]
    /// Breaks in the chain of points that an operator accepted.
    private var accepted: [ChainBreak] = []
    /// Archives that were found damaged and not found sound since.
    package private(set) var damagedArchives: [ArchiveID: DamagedArchive] = [:]
    /// The number of the record that last spoke for a point.
    private var acquitted: [PointName: Int] = [:]
    /// How many records were folded.
    private var count = 0

    /// Why a point may be wrong, and since when that is known.
    package struct Suspicion: Sendable, Hashable {
        package var reason: String
        package var since: Instant
    }

    /// What is known of a damaged archive.
    package struct DamagedArchive: Sendable, Hashable {
        fileprivate struct Finding: Sendable, Hashable {
            var record: Int
            var instant: Instant
        }

        /// Every time that it was found so, the first one first.
        fileprivate var findings: [Finding]
        fileprivate var depth: VerifyDepth
    }

    /// Folds `records`, which stand in the order of `Repository.records(plan:)`.
    package init(_ records: [StoredRecord]) {
        for stored in records { add(stored.record) }
    }

    /// Whether somebody who may sign said that this break is known and meant.
    func accepts(_ broken: ChainBreak) -> Bool { accepted.contains { $0.covers(broken) } }

    /// Points that runs say they committed.
    package var committed: Set<PointName> { Set(commits.keys) }

    /// Whether prunes removed a point as often as it was committed, so that it may be gone.
    func explainsAbsence(of point: PointName) -> Bool {
        (removed[point]?.count ?? 0) >= max(1, commits[point] ?? 0)
    }

    /// Points that were committed and are not listed, although no prune removed them.
    package func vanished(among listed: [PointName]) -> [PointName] {
        committed.subtracting(listed).filter { point in
            !explainsAbsence(of: point)
                && !accepts(ChainBreak(point: point, expected: nil, found: nil, reason: ""))
        }.sorted()
    }

    /// Since when an archive that the point needs has been known to be damaged, and which; nil when there is none, or when
    /// the point itself was found sound after that.
    package func damage(of point: PointName, needing archives: [ArchiveID]) -> (archive: ArchiveID, since: Instant)? {
        archives.compactMap { id in
            damagedArchives[id]?.findings.first { $0.record > acquitted[point] ?? 0 }.map { (id, $0.instant) }
        }
        .min { $0.1 < $1.1 }
    }

    /// Why a point does not count; nil when nothing is known against it.
    package func problem(of point: PointName, needing archives: [ArchiveID]) -> String? {
        if let reason = bad[point] ?? suspect[point]?.reason { return reason }
        return damage(of: point, needing: archives).map { "archive '\($0.archive)' was found damaged" }
    }

    private mutating func add(_ record: RunRecord) {
        count += 1
        // Before the findings, which the run may take back.
        if case .verify(let run) = record.event { add(run, record.finished) }
        findings.add(record)
        switch record.event {
        case .backup(let run):
            if let point = run.point { add(run, point, record.finished) }
        case .drill(let run):
            // An assertion that does not hold says something about the data, and nothing about the copy of it.
            if run.verdict == .proven {
                proven[run.point] = record.finished
                suspect[run.point] = nil
                acquitted[run.point] = count
            }
            if run.showsLoss { proven[run.point] = nil }
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
        commits[point, default: 0] += 1
        accepted.removeAll { $0.point == point && $0.found == nil }
    }

    /// What a verification says of archives: one that is read whole, as deeply as it was found damaged, is sound for all.
    private mutating func add(_ run: VerifyRun, _ finished: Instant) {
        let depth = run.depth ?? .bytes
        let sound = run.soundAgain ?? run.points.flatMap { findings.archives(of: $0) ?? [] }
        // What is found once more was known before.
        let before = damagedArchives
        for id in sound where damagedArchives[id].map({ $0.depth <= depth }) == true { damagedArchives[id] = nil }
        if run.sample == nil, depth > .sizes {
            let bad = Set(run.bad.map(\.point))
            for point in run.points where !bad.contains(point) { acquitted[point] = count }
        }
        for id in run.damaged ?? [] {
            let found = DamagedArchive.Finding(record: count, instant: finished)
            damagedArchives[id] = DamagedArchive(findings: (before[id]?.findings ?? []) + [found], depth: depth)
        }
    }

    private mutating func add(_ run: BackupRun, _ point: PointName, _ finished: Instant) {
        commit(point)
        if let alarm = run.alarm {
            for doubtful in sinceFullRead[point.plan] ?? [] {
                let reason = alarm.cause.map { "\(alarm.summary): \($0)" } ?? alarm.summary
                suspect[doubtful] = Suspicion(reason: reason, since: suspect[doubtful]?.since ?? finished)
                proven[doubtful] = nil
            }
        }
        // A run with an alarm has read everything.
        let isFull = run.alarm != nil || run.totals.map { $0.rangesReused == 0 } ?? false
        sinceFullRead[point.plan] = isFull ? [] : (sinceFullRead[point.plan] ?? []) + [point]
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
