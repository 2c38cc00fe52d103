import Diagnostics
import Model
import Streams

extension Repository {
    /// Reads everything a prune is decided from; any listing or manifest that fails in part fails as a whole.
    func gatherFacts(
        _ decisions: [PruneDecision],
        _ options: PruneOptions
    ) throws -> (facts: PruneFacts, points: [StoredPoint]) {
        let evidence = try evidence()
        // Archives are listed before points and sessions: one that is not in the list yet cannot be touched.
        let archives = try listArchives()
        let condemnedLists = try condemnedLists()
        let sessions = try sessions()
        let listing = try listPoints()
        let removed = Set(decisions.filter { !$0.isKept }.map(\.point))
        let points = try listing.compactMap { listed in
            do {
                return try readPoint(listed.name)
            } catch let error as Diagnostic where error.isAboutOneObject && removed.contains(listed.name) {
                // It may go although nobody knows what it referred to.
                return nil
            }
        }
        if !options.acceptsBrokenChain,
            let broken = PointChain.breaks(in: points, listed: listing.map(\.name), evidence: evidence).first
        {
            throw incomplete(broken)
        }
        let references = points.map { ($0.name, Set($0.manifest.archives.map(\.id))) }
        let facts = PruneFacts(
            points: listing,
            decisions: decisions,
            references: Dictionary(references) { first, _ in first },
            archives: archives,
            sessions: sessions,
            condemnedLists: condemnedLists,
            evidence: evidence,
            now: try storeClock(),
            options: options
        )
        return (facts, points)
    }

    /// A point that vanished without a record means that the listing is incomplete or that somebody else deletes here.
    private func incomplete(_ broken: ChainBreak) -> Diagnostic {
        Diagnostic(
            .objectMissing,
            "refusing to prune: point '\(broken.point)' is not as it was, or the listing is incomplete",
            cause: broken.reason,
            hint: "Look for the cause; if the point was removed by hand, go on with --accept-broken-chain."
        )
    }
}

/// Who writes the records of a run, and when it began.
struct RecordAuthor {
    var tool: String
    var host: String
    var started: Instant
}

extension Repository {
    /// Writes, before anything is removed, which points will be: one record in each plan's chain.
    func recordRemoval(_ removed: [PreviousPoint], _ author: RecordAuthor) throws {
        for (plan, points) in Dictionary(grouping: removed, by: \.point.plan).sorted(by: { $0.key.text < $1.key.text })
        {
            let run = PruneRun(removedPoints: points, removedArchives: 0, freedBytes: 0)
            try append(record(run, plan: plan, author))
        }
    }

    /// Writes what a collection deleted, in the chain of the first plan concerned.
    func recordCollection(_ run: PruneRun, plan: PlanName?, _ author: RecordAuthor) throws {
        guard run.removedArchives > 0, let plan = try plan ?? plans().first else { return }
        var collected = run
        collected.removedPoints = []
        try append(record(collected, plan: plan, author))
    }

    private func record(_ run: PruneRun, plan: PlanName, _ author: RecordAuthor) -> RunRecord {
        RunRecord(
            tool: author.tool,
            plan: plan,
            host: author.host,
            started: author.started,
            finished: max(author.started, .now),
            event: .prune(run)
        )
    }
}
