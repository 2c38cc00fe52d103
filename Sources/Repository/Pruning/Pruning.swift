import AgeEncryption
import Diagnostics
package import Model
import Streams

extension Repository {
    /// What pruning by `decisions` would do; changes nothing but the store's clock object.
    ///
    /// Every point of every plan is read, because every one of them keeps archives alive. Decisions may speak of some
    /// points only: the others stay.
    package func planPrune(_ decisions: [PruneDecision], options: PruneOptions = PruneOptions()) throws -> PrunePlan {
        do {
            return try PrunePlan.make(try gatherFacts(decisions, options).facts)
        } catch let error as Diagnostic where error.code == .repositoryFull {
            // Even learning the store's time writes a little.
            try store.releaseReserve()
            defer { try? store.keepReserve() }
            return try PrunePlan.make(try gatherFacts(decisions, options).facts)
        }
    }

    /// Does what `plan` says, after deciding it again from what is there now.
    ///
    /// The order of destruction is what makes a crash harmless at every point:
    /// 1. a signed record names what will be removed, so that a hole in the chain of points is always explained;
    /// 2. points go, each in one atomic step, so that a point is either complete or not there;
    /// 3. everything that still exists is read again, and only what neither a point nor a live run refers to is looked
    ///    at further; a point that survived step 2 because of a crash keeps its archives alive;
    /// 4. unreferenced archives are condemned in a list of their own, and only archives that an earlier list condemned a
    ///    day ago are deleted. A crash leaves unreferenced archives, which the next run finds again.
    package func prune(_ plan: PrunePlan, tool: String, now: Instant) throws -> PruneRun {
        try store.releaseReserve()
        defer { try? store.keepReserve() }
        let session =
            plan.options.skipsWait
            ? try beginExclusiveSession(kind: .prune) : try beginSession(kind: .prune, plan: nil, base: nil)
        let author = RecordAuthor(tool: tool, host: ProcessToken.current.host, started: now)
        do {
            let run = try prune(plan, in: session, author)
            try? session.end()
            return run
        } catch {
            try? session.end()
            throw error
        }
    }

    private func prune(_ plan: PrunePlan, in session: Session, _ author: RecordAuthor) throws -> PruneRun {
        let gathered = try gatherFacts(plan.kept + plan.removed, plan.options)
        let fresh = try PrunePlan.make(gathered.facts)
        // The hash of a point whose signature was checked: a read that came up short would break the chain for good.
        let hashes = Dictionary(gathered.points.map { ($0.name, $0.sha256) }) { first, _ in first }
        let removed = try fresh.removed.map { decision in
            PreviousPoint(point: decision.point, sha256: try hashes[decision.point] ?? pointHash(decision.point))
        }
        try recordRemoval(removed, author)
        for point in removed { try store.remove(Layout.point(point.point)) }
        try session.heartbeat(now: .now)
        let collection = try collect(gathered.facts.references, plan.options, session)
        try removeDeadSessions()
        try store.removeAbandoned(before: try storeClock() - CondemnedList.wait)
        let run = PruneRun(
            removedPoints: removed,
            removedArchives: collection.deleted.count,
            freedBytes: collection.freedBytes + fresh.removedPointBytes
        )
        try recordCollection(run, plan: removed.first?.point.plan, author)
        return run
    }

    /// Marks, condemns and deletes; `references` knows also the points that this run has just removed, in case a live run
    /// began to use one of them at the last moment.
    private func collect(
        _ references: [PointName: Set<ArchiveID>],
        _ options: PruneOptions,
        _ session: Session
    ) throws -> Collection {
        let permit = DeletionPermit()
        var facts = try gatherFacts([], options).facts
        facts.references.merge(references) { fresh, _ in fresh }
        let collection = try PrunePlan.make(facts).collection
        try condemn(collection.condemned.map(\.id), facts.condemnedLists)
        for (index, archive) in collection.deleted.enumerated() {
            try permit.requireValid()
            if index % 100 == 99 { try session.heartbeat(now: .now) }
            try store.remove(archiveKey(archive.id))
        }
        let gone = Set(collection.deleted.map(\.id))
        let left = Set(facts.archives.map(\.id)).subtracting(gone)
        for list in facts.condemnedLists where left.isDisjoint(with: list.archives) {
            try store.remove(Layout.condemned(list.epoch))
        }
        return collection
    }

    private func condemn(_ archives: [ArchiveID], _ existing: [StoredCondemnedList]) throws {
        guard !archives.isEmpty else { return }
        let list = try CanonicalJSON.encode(CondemnedList(archives: archives))
        try store.put(Layout.condemned((existing.map(\.epoch).max() ?? 0) + 1), list)
    }

    private func removeDeadSessions() throws {
        let now = try storeClock()
        for session in try sessions() where !session.isLive(now: now) {
            try store.remove(Layout.session(session.state.id))
        }
    }

    private func pointHash(_ name: PointName) throws -> String {
        Hex.encode(SHA256.digest(of: try object(at: Layout.point(name))))
    }
}

/// How long a look at what is referenced may be acted upon: a machine that slept meanwhile must look again.
private struct DeletionPermit {
    private let issued = ContinuousClock.now

    func requireValid() throws {
        guard .now - issued < .seconds(3600) else {
            throw Diagnostic(
                .busy,
                "refusing to go on deleting: more than an hour has passed since the repository was looked at",
                hint: "Run 'lifeboat prune' again.",
                retry: .later
            )
        }
    }
}
