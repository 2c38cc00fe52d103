import AgeEncryption
import Diagnostics
import Drills
import Export
import Model
import PostgresClient
import Repository
import Restore
import Streams
import TestSupport
import Testing

/// A database and the keys of one host, and the engines run on any store: what faults are injected under.
final class World {
    static let plan: PlanName = {
        guard let name = PlanName("shop") else { preconditionFailure("a plan may be called shop") }
        return name
    }()

    let folder: String
    let source: ConnectionSettings
    let oracle: Oracle
    /// The source as it is now.
    private(set) var picture: DatabasePicture
    /// The source as it was at each point.
    private(set) var pictures: [PointName: DatabasePicture] = [:]
    private let keyring: Keyring
    private var pages = 0

    /// Text in rows, in names and in a comment, which must be readable in no object.
    private static let markers = ["marker-of-a-row-7c1e", "marker_of_a_table_b52a", "marker-of-a-comment-90fd"]

    /// Every kind of thing that a point holds, as little of each as there can be.
    private static let sql = """
        CREATE TABLE page (number integer PRIMARY KEY, body text);
        INSERT INTO page SELECT n, 'marker-of-a-row-7c1e' || md5(n::text) FROM generate_series(1, 400) n;
        CREATE TABLE marker_of_a_table_b52a (id bigint GENERATED ALWAYS AS IDENTITY, page integer REFERENCES page);
        INSERT INTO marker_of_a_table_b52a (page) SELECT n FROM generate_series(1, 20) n;
        COMMENT ON TABLE page IS 'marker-of-a-comment-90fd';
        CREATE TABLE empty (nothing text);
        CREATE VIEW first_page AS SELECT * FROM page WHERE number = 1;
        CREATE INDEX ON page (body);
        SELECT lo_from_bytea(0, 'a large object');
        """

    static func with(_ body: (World) throws -> Void) throws {
        try withDatabase(sql: sql) { source in
            try withScratchFolder { folder in try body(World(folder, source)) }
        }
    }

    private init(_ folder: String, _ source: ConnectionSettings) throws {
        self.folder = folder
        self.source = source
        keyring = try Keyring.createIfMissing(folder + "/keys", now: .now).keyring
        oracle = try Oracle(keys: folder + "/keys", markers: Self.markers)
        picture = try DatabasePicture(source)
    }

    /// The slot of the n-th backup.
    static func name(_ hour: Int) -> PointName {
        PointName(plan: plan, slot: Slot(Instant(secondsSinceEpoch: 1_790_000_000 + Int64(hour) * 3600)))
    }

    /// Changes the source.
    func turnPage() throws {
        pages += 1
        try Connection(source).execute(
            "UPDATE page SET body = 'marker-of-a-row-7c1e page \(pages)' WHERE number = \(pages);"
                + "INSERT INTO marker_of_a_table_b52a (page) VALUES (\(pages))"
        )
        picture = try DatabasePicture(source)
    }

    /// Keeps what the source shows now as what `point` must restore to.
    func remember(_ point: PointName) { pictures[point] = picture }

    // MARK: What a run of the program does, on any store

    func create(in store: any ObjectStore) throws {
        _ = try Repository.create(in: store, keyring: keyring, now: .now)
    }

    func backUp(to store: any ObjectStore, _ hour: Int, full: Bool = false) throws {
        var plan = ExportPlan(point: Self.name(hour), source: source, tool: "lifeboat test", host: "here")
        // One worker, so that the n-th operation is the same one in every run.
        plan.workerCount = 1
        plan.archiveBytes = 16 << 10
        plan.audit = .none
        plan.isFull = full
        _ = try Exporter(plan, into: [open(store)], stop: Stop(), progress: ExportProgress()).run()[0].get()
    }

    /// Retention that removes `removed` and keeps the rest.
    func prune(_ store: any ObjectStore, removing removed: Set<PointName>, waits: Bool) throws {
        let repository = try open(store)
        let decisions = try repository.listPoints().map {
            PruneDecision(point: $0.name, isKept: !removed.contains($0.name), reasons: ["a test"])
        }
        let plan = try repository.planPrune(decisions, options: PruneOptions(skipsWait: !waits))
        _ = try repository.prune(plan, tool: "lifeboat test", now: .now)
    }

    func verify(_ store: any ObjectStore) throws {
        let repository = try open(store)
        let session = try repository.beginSession(kind: .verify, plan: nil, base: nil)
        defer { try? session.end() }
        let points = try repository.listPoints().map(\.name)
        let run = try repository.verify(points, identities: oracle.identities, deep: true, stop: Stop())
        try append(.verify(run), to: repository)
        guard run.bad.isEmpty else { throw Diagnostic(.objectCorrupt, "found bad: \(run.bad)") }
    }

    func hold(_ store: any ObjectStore, _ point: PointName) throws {
        try append(.hold(HoldChange(point: point, reason: "a test")), to: try open(store))
    }

    @discardableResult
    func drill(_ store: any ObjectStore, _ point: PointName) throws -> DrillRun {
        let repository = try open(store)
        var plan = DrillPlan(point: point, identities: oracle.identities, tool: "lifeboat test", host: "here")
        plan.workers = 1
        let session = try repository.beginSession(kind: .restore, plan: Self.plan, base: point)
        defer { try? session.end() }
        let run = try Drill(repository: repository, plan: plan, progress: RestoreProgress())
            .run(declared: .now, stop: Stop())
        try append(.drill(run), to: repository)
        return run
    }

    private func open(_ store: any ObjectStore) throws -> Repository { try Repository.open(store, keyring: keyring) }

    private func append(_ event: RunRecord.Event, to repository: Repository) throws {
        let (started, finished) = (Instant.now, Instant.now)
        try repository.append(
            RunRecord(
                tool: "lifeboat test",
                plan: Self.plan,
                host: "here",
                started: started,
                finished: finished,
                event: event
            )
        )
    }
}

extension MemoryStore {
    /// Whether an object came, went or changed, but for the clock.
    func isChanged(since before: [ObjectKey: [UInt8]]) -> Bool {
        let (now, then) = (objects, before)
        return now.count != then.count || now.contains { key, bytes in key != Layout.clock && then[key] != bytes }
    }

    /// Makes every session that of a process which is gone, as it is when the program has ended.
    func endSessions() {
        for (key, bytes) in objects where key.text.hasPrefix("sessions/") {
            let text = String(decoding: bytes, as: UTF8.self)
            replace(key, with: Array(text.replacing("\"startTicks\":\"", with: "\"startTicks\":\"9").utf8))
        }
    }
}
