import AgeEncryption
import Diagnostics
import Model
import Streams

/// One prune at work, from its first look to its last; one thread.
final class PrunePass {
    private let repository: Repository
    private let author: RecordAuthor
    private let options: PruneOptions
    private let permit: DestructionPermit
    private var denied = 0

    init(repository: Repository, permit: DestructionPermit, author: RecordAuthor, options: PruneOptions) {
        self.repository = repository
        self.permit = permit
        self.author = author
        self.options = options
    }

    func perform(_ plan: PrunePlan) throws -> PruneRun {
        let facts = try repository.gatherFacts(plan.kept + plan.removed, options)
        try facts.requireUnbroken(but: plan.accepted)
        try repository.requireEveryRecord(options)
        let fresh = try PrunePlan.make(facts)
        if let excess = fresh.excess { throw excess.diagnostic }
        try permit.requireValid()
        if options.acceptsBrokenChain { try repository.recordAcceptance(author) }
        let removed = try remove(fresh, facts)
        try permit.renew()
        let deleted = try collect(facts.known)
        try tidy()
        try repository.takeCensus(of: repository.listPoints().map(\.name))
        let bytes = deleted.reduce(0) { $0 + $1.bytes }
        let points = Set(removed.map(\.point))
        let pointBytes = facts.points.reduce(0) { $0 + (points.contains($1.name) ? $1.bytes : 0) }
        let run = PruneRun(
            removedPoints: removed,
            removedArchives: deleted.count,
            freedBytes: bytes + pointBytes,
            denied: denied > 0 ? denied : nil,
            accepted: fresh.accepted.isEmpty ? nil : fresh.accepted
        )
        try repository.recordCollection(run, plan: removed.first?.point.plan, author)
        return run
    }

    /// Records what will be removed and what is accepted, and removes it; what the store keeps is not in the answer.
    private func remove(_ plan: PrunePlan, _ facts: PruneFacts) throws -> [PreviousPoint] {
        let going = try plan.removed.map(\.point).map { name in
            try facts.known[name]?.asPrevious ?? PreviousPoint(point: name, sha256: repository.hashOfPoint(name))
        }
        // A damaged one is known to those after it by the hash that it had.
        let damaged = Set(plan.removed.map(\.point).filter { facts.known[$0] == nil })
        let before = facts.known.values.compactMap(\.previous).filter { damaged.contains($0.point) }
        let explained = going + Set(before).subtracting(going).sorted { $0.point < $1.point }
        try permit.requireValid()
        try repository.recordRemoval(explained, accepting: plan.accepted, author)
        return try going.filter { try destroy(Layout.point($0.point)) }
    }

    /// Marks, condemns and deletes; `before` knows also the points that this run has just removed, in case a live run
    /// began to use one of them at the last moment.
    private func collect(_ before: [PointName: KnownPoint]) throws -> [ArchiveListing] {
        var facts = try look(before)
        var plan = try PrunePlan.make(facts)
        if let excess = plan.excess { throw excess.diagnostic }
        let listed = Set(facts.condemnedLists.flatMap(\.archives))
        let fresh = (plan.collection.condemned + plan.collection.deleted).map(\.id).filter { !listed.contains($0) }
        try permit.requireValid()
        try repository.condemn(fresh, facts.condemnedLists)
        if options.skipsWait, !fresh.isEmpty {
            // A backup that was thought dead may have committed meanwhile: only who looks after condemning sees it.
            facts = try look(before)
            plan = try PrunePlan.make(facts)
        }
        let condemned = Set(facts.condemnedLists.flatMap(\.archives))
        let deleted = try plan.collection.deleted.filter {
            try condemned.contains($0.id) && destroy(repository.archiveKey($0.id))
        }
        let left = Set(facts.archives.map(\.id)).subtracting(deleted.map(\.id))
        for list in facts.condemnedLists.dropLast() where left.isDisjoint(with: list.archives) {
            try repository.removeIfAllowed(Layout.condemned(list.epoch))
        }
        try repository.removeSpentRepacks(left)
        return deleted
    }

    private func look(_ before: [PointName: KnownPoint]) throws -> PruneFacts {
        var facts = try repository.gatherFacts([], options)
        // What was accepted has its record by now.
        try facts.requireUnbroken()
        facts.known.merge(before) { fresh, _ in fresh }
        return facts
    }

    /// Removes one object; false when the store does not let it go.
    private func destroy(_ key: ObjectKey) throws -> Bool {
        try permit.requireValid()
        do {
            try repository.store.remove(key)
            return true
        } catch let error as Diagnostic where error.code == .deleteDenied {
            denied += 1
            return false
        }
    }

    private func tidy() throws {
        let now = try repository.storeClock()
        for session in try repository.sessions() where !session.isLive(now: now) && !session.isToBeTold(now: now) {
            try repository.removeIfAllowed(Layout.session(session.state.id))
        }
        try repository.store.removeAbandoned(before: now - CondemnedList.wait)
    }
}

extension Repository {
    fileprivate func condemn(_ archives: [ArchiveID], _ existing: [StoredCondemnedList]) throws {
        guard !archives.isEmpty else { return }
        let list = try CanonicalJSON.encode(CondemnedList(archives: archives))
        try store.put(Layout.condemned((existing.map(\.epoch).max() ?? 0) + 1), list)
    }

    fileprivate func hashOfPoint(_ name: PointName) throws -> String {
        Hex.encode(SHA256.digest(of: try object(at: Layout.point(name))))
    }
}
