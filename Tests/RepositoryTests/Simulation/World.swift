import AgeEncryption
import Diagnostics
import FoundationEssentials
import Model
import Repository
import Synchronization

/// What a history is about, and the oracle that watches every destruction in it.
///
/// A commit or a hold counts from the moment its call has returned without an error: what was promised then must be kept.
final class World: Sendable {
    struct Facts {
        var committed: [PointName: Manifest] = [:]
        /// Every point whose object exists, committed or not yet.
        var created: [PointName: Manifest] = [:]
        var held: Set<PointName> = []
        /// Points about which a hold is being changed; nothing is promised for them meanwhile.
        var changing: [PointName: Int] = [:]
        /// Those of which several changes ran at once, until all of them have ended.
        var contested: Set<PointName> = []
        /// What live restores read, and who reads it.
        var reading: [ObjectIdentifier: (actor: Actor, manifest: Manifest)] = [:]
        var violations: [String] = []
        var tally = Tally()
    }

    /// What happened, to see that the histories are not idle.
    struct Tally: Sendable, Equatable {
        var operations = 0
        var commits = 0
        var withdrawn = 0
        var removedPoints = 0
        var removedArchives = 0
        var holds = 0
        var restores = 0
        var failures = 0

        static func + (a: Tally, b: Tally) -> Tally {
            Tally(
                operations: a.operations + b.operations,
                commits: a.commits + b.commits,
                withdrawn: a.withdrawn + b.withdrawn,
                removedPoints: a.removedPoints + b.removedPoints,
                removedArchives: a.removedArchives + b.removedArchives,
                holds: a.holds + b.holds,
                restores: a.restores + b.restores,
                failures: a.failures + b.failures
            )
        }
    }

    let scheduler: Scheduler
    let objects: SimulatedObjects
    let keyring: Keyring
    let mutant: Mutant?
    /// Whether clocks may be days off: leases then promise nothing, and only what was committed must last.
    let hasWildClocks: Bool
    private let facts = Mutex(Facts())

    init(_ scheduler: Scheduler, _ objects: SimulatedObjects, _ keyring: Keyring, _ mutant: Mutant?, wild: Bool) {
        self.scheduler = scheduler
        self.objects = objects
        self.keyring = keyring
        self.mutant = mutant
        hasWildClocks = wild
    }

    var violations: [String] { facts.withLock { $0.violations } }
    var tally: Tally { facts.withLock { $0.tally } }
    var committed: [PointName: Manifest] { facts.withLock { $0.committed } }
    var held: Set<PointName> { facts.withLock { $0.held } }

    func count(_ operation: Operation) { facts.withLock { $0.tally.operations += 1 } }
    /// Prints a step when a history is looked into by hand.
    func trace(_ text: @autoclosure () -> String) {
        if Self.isTraced { print("\(scheduler.now.inSeconds) \(text())") }
    }

    private static let isTraced = ProcessInfo.processInfo.environment["LIFEBOAT_TRACE"] == "1"

    func failed() { facts.withLock { $0.tally.failures += 1 } }

    func violate(_ text: String) {
        trace("VIOLATION \(text)")
        facts.withLock { $0.violations.append("at \(scheduler.now.inSeconds) s: \(text)") }
    }

    // MARK: Promises

    /// A commit has returned: from now on the point and everything in it must last.
    func committed(_ point: StoredPoint) {
        // Retention may have let it go while its own run was still asleep.
        guard facts.withLock({ $0.created[point.name] == point.manifest }) else { return }
        for archive in point.manifest.archives where objects[Layout.archive(archive.id)] == nil {
            violate("I1: '\(point.name)' was committed without archive \(archive.id)")
        }
        if facts.withLock({ $0.committed.updateValue(point.manifest, forKey: point.name) != nil }) {
            violate("I9: '\(point.name)' was committed twice")
        }
        facts.withLock { $0.tally.commits += 1 }
    }

    func beginsHold(of point: PointName) {
        facts.withLock { facts in
            if facts.changing[point, default: 0] > 0 { facts.contested.insert(point) }
            facts.changing[point, default: 0] += 1
        }
    }

    func endsHold(of point: PointName, reason: String?, succeeded: Bool) {
        let isThere = objects[Layout.point(point)] != nil
        facts.withLock { facts in
            facts.changing[point, default: 1] -= 1
            let isContested = facts.contested.contains(point)
            if facts.changing[point] == 0 { facts.contested.remove(point) }
            // A change that failed, or at any time ran beside another, leaves open which of the two it is.
            guard succeeded, !isContested, !hasWildClocks else {
                facts.held.remove(point)
                return
            }
            facts.tally.holds += 1
            if reason == nil { facts.held.remove(point) } else { facts.held.insert(point) }
        }
        if succeeded, reason != nil, !isThere, !hasWildClocks { violate("I3: '\(point)' is held and gone") }
    }

    func reads(_ manifest: Manifest, _ actor: Actor) {
        facts.withLock { $0.reading[ObjectIdentifier(actor)] = (actor, manifest) }
    }

    func endsReading(_ actor: Actor, wasWhole: Bool) {
        facts.withLock { facts in
            facts.reading[ObjectIdentifier(actor)] = nil
            if wasWhole { facts.tally.restores += 1 }
        }
    }

    // MARK: The oracle

    /// A point's object has appeared.
    func created(_ manifest: Manifest) { facts.withLock { $0.created[manifest.point] = manifest } }

    /// Judges a removal at the moment it takes effect.
    func removes(_ key: ObjectKey, _ actor: Actor) {
        guard objects[key] != nil else { return }
        if let point = Layout.pointName(key) { removes(point, actor) }
        if let archive = Layout.archiveID(key) { removes(archive, actor) }
    }

    private func removes(_ point: PointName, _ actor: Actor) {
        let state = facts.withLock { facts in
            defer { facts.created[point] = nil }
            return facts
        }
        guard actor.kind != .backup else {
            if state.committed[point] != nil { violate("I3: '\(point)' was withdrawn after it was committed") }
            facts.withLock { $0.tally.withdrawn += 1 }
            if state.created.count == 1, state.tally.commits > 0 { violate("I3: no point is left of those committed") }
            return
        }
        facts.withLock { facts in
            facts.tally.removedPoints += 1
            facts.committed[point] = nil
        }
        if state.held.contains(point), (state.changing[point] ?? 0) == 0 {
            violate("I3: held point '\(point)' was removed")
        }
        let whole = state.created.filter { entry in
            entry.value.archives.allSatisfy { objects[Layout.archive($0.id)] != nil }
        }
        let newest = whole.max { ($0.value.recoveryInstant, $0.key) < ($1.value.recoveryInstant, $1.key) }
        if newest?.key == point { violate("I3: newest complete point '\(point)' was removed") }
    }

    private func removes(_ archive: ArchiveID, _ actor: Actor) {
        let state = facts.withLock { $0 }
        facts.withLock { $0.tally.removedArchives += 1 }
        for (point, manifest) in state.committed where manifest.archives.contains(where: { $0.id == archive }) {
            if objects[Layout.point(point)] != nil {
                violate("I1: archive \(archive) of committed point '\(point)' was removed by a \(actor.kind)")
            }
        }
        guard !hasWildClocks else { return }
        for (reader, manifest) in state.reading.values where reader.longestSilence < .seconds(23 * 3600) {
            if !reader.isDead, manifest.archives.contains(where: { $0.id == archive }) {
                violate("I3: archive \(archive) was removed under a live restore of '\(manifest.point)'")
            }
        }
    }
}
