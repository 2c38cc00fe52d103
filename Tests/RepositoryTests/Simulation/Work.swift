import AgeEncryption
import Diagnostics
import Model
import Policy
import Repository
import TestSupport
import Streams

/// What a process of a history does, with the real code.
enum Work: Sendable, CustomStringConvertible {
    case backup(slot: Int)
    case prune(now: Bool, keep: Int)
    case hold(releases: Bool)
    case restore

    var kind: Actor.Kind {
        switch self {
        case .backup: .backup
        case .prune: .prune
        case .hold: .hold
        case .restore: .restore
        }
    }

    var description: String {
        switch self {
        case .backup(let slot): "backup of slot \(slot)"
        case .prune(let now, let keep): "prune\(now ? " now" : "") to \(keep)"
        case .hold(let releases): releases ? "release" : "hold"
        case .restore: "restore"
        }
    }

    /// Errors are a run's right; promises that are broken are not.
    func perform(_ actor: Actor) {
        do {
            let repository = try actor.open()
            switch self {
            case .backup(let slot): try Self.backUp(actor, repository, slot: slot)
            case .prune(let now, let keep):
                let policy = RetentionPolicy(keep: .init(last: keep))
                _ = try Self.prune(actor, repository, policy, isImmediate: now)
            case .hold(let releases): try Self.hold(actor, repository, releases)
            case .restore: try Self.restore(actor, repository)
            }
        } catch {
            actor.world.trace("\(self) failed: \(error)")
            actor.world.failed()
        }
    }

    /// One backup: a few archives of its own, and what may be taken over from the point before.
    static func backUp(_ actor: Actor, _ repository: Repository, slot: Int) throws {
        let name = PointName(plan: Scene.shop, slot: Slot(SimulatedObjects.beginning + .seconds(slot * 3600)))
        let session = try repository.beginSession(kind: .backup, plan: name.plan, base: nil)
        defer { try? session.end() }
        let newest = try repository.newest(plan: name.plan).point
        if let newest { try session.use(base: newest.name) }
        var archives: [ArchiveFacts] = []
        for _ in 0..<actor.int(1...2) {
            let writer = try repository.newArchive()
            try writer.write(contentsOf: Array("rows of \(name)".utf8))
            try writer.finish()
            archives.append(writer.facts(writtenIn: name))
            try session.heartbeat(now: actor.now)
        }
        let reusable = try repository.reusableArchives()
        for archive in newest?.manifest.archives ?? [] where archives.count < 4 {
            if reusable.sizes[archive.id] == archive.bytes { archives.append(archive) }
        }
        var manifest = Scene.manifest(name, archives: archives, length: 8, previous: newest)
        manifest.snapshot.instant = min(name.slot.instant, actor.now)
        actor.willCreate(manifest)
        let point = try repository.commit(manifest: manifest, catalog: Scene.catalog, session: session)
        actor.world.committed(point)
        let run = BackupRun(point: name, recoveryInstant: nil, totals: nil, phases: [], failure: nil)
        try repository.append(record(.backup(run), actor))
    }

    static func prune(
        _ actor: Actor,
        _ repository: Repository,
        _ policy: RetentionPolicy,
        isImmediate: Bool
    ) throws -> PruneRun {
        let decisions = try repository.retentionDecisions(
            plan: Scene.shop,
            policy: policy,
            now: actor.now,
            zone: .utc
        )
        let plan = try repository.planPrune(
            decisions,
            options: PruneOptions(skipsWait: isImmediate, maxSharePercent: 100)
        )
        return try repository.prune(plan, tool: "simulation", now: actor.now)
    }

    private static func hold(_ actor: Actor, _ repository: Repository, _ releases: Bool) throws {
        let points = try repository.listPoints()
        guard !points.isEmpty else { return }
        let point = points[actor.int(0...points.count - 1)].name
        let reason = releases ? nil : "audit"
        actor.world.beginsHold(of: point)
        do {
            _ = try repository.hold(point, reason: reason, tool: "simulation", now: actor.now)
            actor.world.endsHold(of: point, reason: reason, succeeded: true)
        } catch {
            actor.world.endsHold(of: point, reason: reason, succeeded: false)
            throw error
        }
    }

    private static func restore(_ actor: Actor, _ repository: Repository) throws {
        let points = try repository.listPoints()
        guard !points.isEmpty else { return }
        let name = points[actor.int(0...points.count - 1)].name
        let session = try repository.beginSession(kind: .restore, plan: name.plan, base: name)
        defer {
            actor.world.endsReading(actor, wasWhole: false)
            try? session.end()
        }
        let manifest = try repository.readPoint(name).manifest
        guard actor.world.committed[name] != nil else { return }
        actor.world.reads(manifest, actor)
        for _ in 0..<actor.int(1...3) {
            for archive in manifest.archives {
                let bytes = try repository.store.get(repository.archiveKey(archive.id), limit: 1 << 20)
                guard Hex.encode(SHA256.digest(of: bytes)) == archive.sha256 else {
                    throw Diagnostic(.objectCorrupt, "archive '\(archive.id)' is not what was written")
                }
                try session.heartbeat(now: actor.now)
            }
        }
        actor.world.endsReading(actor, wasWhole: true)
    }

    private static func record(_ event: RunRecord.Event, _ actor: Actor) -> RunRecord {
        RunRecord(
            tool: "simulation",
            plan: Scene.shop,
            host: "here",
            started: actor.now,
            finished: actor.now,
            event: event
        )
    }
}
