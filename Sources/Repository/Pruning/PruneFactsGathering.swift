import Diagnostics
import Model
import Streams

extension Repository {
    /// Reads everything a prune is decided from; any listing or manifest that fails in part fails as a whole.
    ///
    /// The order is part of the argument (docs/collection.md). Condemned lists come first and points last: a point that is
    /// committed after it was looked for finds what was condemned before. Archives come after the lists that name them, so
    /// that one which is not listed is gone and not yet to come; and before sessions and points, so that what is written
    /// meanwhile is not touched.
    ///
    /// Breaks in the chain of points are among the facts: whoever goes on from here must have been told to, and of each.
    /// For a look only, this machine's own clock serves where the store cannot be written.
    func gatherFacts(
        _ decisions: [PruneDecision],
        _ options: PruneOptions,
        isOnlyLook: Bool = false
    ) throws -> PruneFacts {
        let now = { () throws -> Instant in try isOnlyLook ? self.clockForLooking() : self.storeClock() }
        let evidence = try evidence(remembering: true)
        let seen = try lastSeenPoints()
        let condemnedLists = try condemnedLists()
        let archives = try listArchives()
        let sessions = try sessions(now: now())
        let listing = try listPoints()
        let survey = try survey(listing)
        // One that is to go may go although nobody knows what it referred to.
        let removed = try decisions.filter { decision in
            try !decision.isKept
                && (!decision.isForDamage || survey.known[decision.point] != nil || isProvenDamaged(decision.point))
        }
        let staying = survey.unreadable.filter { entry in !removed.contains { $0.point == entry.key } }
        if let damaged = staying.min(by: { $0.key < $1.key }) { throw try unreadable(damaged.key, damaged.value) }
        let breaks = PointChain.breaks(
            in: Array(survey.known.values),
            listed: listing.map(\.name),
            expected: evidence.committed.union(seen),
            evidence: evidence
        )
        return PruneFacts(
            points: listing,
            decisions: decisions,
            known: survey.known,
            archives: archives,
            sessions: sessions,
            condemnedLists: condemnedLists,
            evidence: evidence,
            breaks: breaks.sorted { ($0.point, $0.reason) < ($1.point, $1.reason) },
            hasCensus: !seen.isEmpty,
            now: try now(),
            options: options
        )
    }

    private func unreadable(_ point: PointName, _ reason: Diagnostic) throws -> Diagnostic {
        var refusal = reason
        refusal.summary = "refusing to prune: \(reason.summary)"
        if reason.code == .objectCorrupt || reason.code == .signatureInvalid {
            refusal.hint =
                try isProvenDamaged(point)
                ? "Nobody knows what it needs. Put point '\(point)' back from another copy, or let it go with --discard-damaged."
                : "It may be good: try again, or put it back with 'lifeboat verify --repair'. If its bytes are lost for good,"
                    + " remove '\(Layout.point(point))' by hand and go on with --accept-broken-chain."
        }
        return refusal
    }
}

extension PruneFacts {
    /// Throws at the first break in the chain of points that is not among those that were `accepted`.
    ///
    /// A point that vanished without a record means that the listing is incomplete or that somebody else deletes here.
    func requireUnbroken(but accepted: [ChainBreak] = []) throws {
        guard let broken = breaks.first(where: { broken in !accepted.contains { $0.covers(broken) } }) else { return }
        throw Diagnostic(
            .objectMissing,
            "refusing to prune: point '\(broken.point)' is not as it was, or the listing is incomplete",
            cause: broken.reason,
            hint: "Look for the cause; if the point was removed by hand, accept that once with --accept-broken-chain."
        )
    }
}

/// Who writes the records of a run, and when it began.
struct RecordAuthor {
    var tool: String
    var host: String
    var started: Instant

    func record(_ event: RunRecord.Event, plan: PlanName) -> RunRecord {
        RunRecord(
            tool: tool,
            plan: plan,
            host: host,
            started: started,
            finished: max(started, .now),
            event: event
        )
    }
}

extension Repository {
    /// Writes, before anything is removed, which points will be, and which breaks in their chain were accepted: one record
    /// in each plan's chain.
    func recordRemoval(
        _ removed: [PreviousPoint],
        accepting breaks: [ChainBreak] = [],
        _ author: RecordAuthor
    ) throws {
        let points = Dictionary(grouping: removed, by: \.point.plan)
        let accepted = Dictionary(grouping: breaks, by: \.point.plan)
        for plan in Set(points.keys).union(accepted.keys).sorted(by: { $0.text < $1.text }) {
            let run = PruneRun(
                removedPoints: points[plan] ?? [],
                removedArchives: 0,
                freedBytes: 0,
                accepted: accepted[plan]
            )
            try append(author.record(.prune(run), plan: plan))
        }
    }

    /// Writes what a collection deleted, in the chain of the first plan concerned.
    func recordCollection(_ run: PruneRun, plan: PlanName?, _ author: RecordAuthor) throws {
        guard run.removedArchives > 0, let plan = try plan ?? plans().first else { return }
        var collected = run
        collected.removedPoints = []
        collected.accepted = nil
        try append(author.record(.prune(collected), plan: plan))
    }
}
