import AgeEncryption
import Archives
import Compression
import Diagnostics
import Export
import Glibc
import Model
import PostgresClient
import Repository
import RowHashing
import Streams
import TestSupport
import Testing

/// A repository in a folder, and backups of one database into it, an hour apart.
final class ExportScene {
    let repository: Repository
    let identities: [any Identity]
    let source: ConnectionSettings
    private let folder: String
    private var hours: Int64 = 0

    static let plan: PlanName = {
        guard let name = PlanName("shop") else { preconditionFailure("a plan may be called shop") }
        return name
    }()

    init(_ source: ConnectionSettings, in folder: String) throws {
        self.source = source
        self.folder = folder
        let now = Instant.now
        let keyring = try Keyring.createIfMissing(folder + "/keys", now: now).keyring
        repository = try Repository.create(in: FolderStore(path: folder + "/repository"), keyring: keyring, now: now)
        identities = try keyring.identities { throw Diagnostic(.keyMissing, "no passphrase in this test") }
    }

    /// The same database and keys with another repository.
    init(beside other: ExportScene, _ repository: Repository) {
        self.repository = repository
        (source, folder, identities) = (other.source, other.folder, other.identities)
    }

    /// A further repository of the same keys; `decorate` puts faults before its store.
    func another(
        _ name: String,
        _ decorate: (any ObjectStore) -> any ObjectStore = { $0 }
    ) throws -> ExportScene {
        let store = decorate(FolderStore(path: "\(folder)/\(name)"))
        return ExportScene(beside: self, try Repository.create(in: store, keyring: repository.keyring, now: .now))
    }

    /// A further repository that takes its time.
    func slowed(to rate: String) throws -> ExportScene {
        let (rate, began) = (try ByteRate(human: rate), ContinuousClock.now)
        let pacer = Pacer(
            rate,
            now: { ContinuousClock.now - began },
            pause: { usleep(UInt32($0 / .microseconds(1))) }
        )
        return try another("slow") { ThrottledStore($0, reads: pacer, writes: pacer) }
    }

    /// One run into this repository and `others`.
    func runTogether(
        with others: [ExportScene],
        _ plan: ExportPlan,
        stop: Stop = Stop(),
        progress: ExportProgress = ExportProgress()
    ) -> [Result<ExportOutcome, any Error>] {
        Exporter(plan, into: [repository] + others.map(\.repository), stop: stop, progress: progress).run()
    }

    /// The plan of the next run: small ranges, so that small tables have several.
    func nextPlan(after hours: Int64 = 1, _ change: (inout ExportPlan) -> Void = { _ in }) -> ExportPlan {
        self.hours += hours
        let slot = Slot(Instant(secondsSinceEpoch: 1_790_000_000 + self.hours * 3600))
        var plan = ExportPlan(
            point: PointName(plan: Self.plan, slot: slot),
            source: source,
            tool: "lifeboat test",
            host: "here"
        )
        plan.workerCount = 2
        plan.rangeBytes = 256 << 10
        plan.lockTimeout = .milliseconds(500)
        plan.audit = .all
        change(&plan)
        return plan
    }

    @discardableResult
    func backup(after hours: Int64 = 1, _ change: (inout ExportPlan) -> Void = { _ in }) throws -> ExportOutcome {
        try run(nextPlan(after: hours, change))
    }

    @discardableResult
    func run(_ plan: ExportPlan, stop: Stop = Stop(), progress: ExportProgress = ExportProgress()) throws
        -> ExportOutcome
    {
        try Exporter(plan, into: [repository], stop: stop, progress: progress).run()[0].get()
    }

    func sql(_ text: String) throws {
        try Connection(source).execute(text)
        try settle()
    }

    /// Waits until no transaction of any database of the cluster is older than what was done here: rows younger than the
    /// oldest running transaction are read again, and other tests share the cluster.
    func settle() throws {
        let connection = try Connection(source)
        let last = try connection.query("SELECT pg_current_xact_id()")[0, 0]
        let deadline = ContinuousClock.now + .seconds(20)
        let sql = "SELECT pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8, pg_sleep(0.005)"
        while try connection.query(sql, [last])[0, 0] != "t" { try #require(ContinuousClock.now < deadline) }
    }

    func value(_ text: String) throws -> String? { try Connection(source).query(text)[0, 0] }

    /// The stored rows of one table, every byte held against the manifest.
    func rows(of table: String, in manifest: Manifest, schema: String = "public") throws -> [String] {
        let data = try #require(manifest.tables.first { $0.name == table && $0.schema == schema })
        #expect(data.tilingProblem == nil)
        return try data.ranges.flatMap { try rows(of: $0, in: manifest) }
    }

    func rows(of range: TableRange, in manifest: Manifest) throws -> [String] {
        let text = try bytes(of: range, in: manifest)
        #expect(Int64(text.count) == range.textBytes)
        var hasher = RowHasher()
        var lines: [String] = []
        for line in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast() {
            hasher.add(Array(line).span.bytes)
            lines.append(String(decoding: line, as: UTF8.self))
        }
        #expect(hasher.proof == range.proof)
        return lines
    }

    func bytes(of range: TableRange, in manifest: Manifest) throws -> [UInt8] {
        let facts = try #require(manifest.archives.first { $0.id == range.location.archive })
        let archive = try repository.openArchive(facts, identities: identities)
        let stored = try archive.range(range.location.offset, range.location.length).readAll(limit: 1 << 30)
        #expect(Hex.encode(SHA256.digest(of: stored)) == range.location.sha256)
        guard range.location.members > 0 else { return [] }
        let tar = try TarReader(from: MemorySource(stored), named: "range", expectsEndMarker: false)
        let decompressor = try MemberDecompressor()
        var text: [UInt8] = []
        var members = 0
        while let entry = try tar.next() {
            members += 1
            text += try decompressor.source(over: tar, named: entry.name, limit: 1 << 30).readAll(limit: 1 << 30)
        }
        #expect(members == range.location.members)
        return text
    }

    /// What psql would show of the table now, as COPY text.
    func liveRows(of table: String) throws -> [String] {
        let connection = try Connection(source)
        try connection.execute("SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET extra_float_digits = 3")
        var lines: [String] = []
        _ = try connection.copyOut("COPY (SELECT * FROM ONLY \(table)) TO STDOUT") { row in
            lines.append(row.extracting(droppingLast: 1).withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
        }
        return lines
    }
}

/// Runs `body` with a fresh database, filled by `sql`, and an empty repository.
func withScene<Result>(
    on major: PostgresMajor = .v15,
    options: String = "",
    sql: String = "",
    _ body: (ExportScene) throws -> Result
) throws -> Result {
    try withDatabase(on: major, options: options, sql: sql) { source in
        try withScratchFolder { folder in
            let scene = try ExportScene(source, in: folder)
            try scene.settle()
            return try body(scene)
        }
    }
}

/// The diagnostic that `body` ends with.
func diagnostic(_ body: () throws -> Void) throws -> Diagnostic {
    do {
        try body()
    } catch let error as Diagnostic {
        return error
    }
    Issue.record("nothing was thrown")
    throw Diagnostic(.internalError, "nothing was thrown")
}

/// Tables of every shape that the tests need, small.
let shopSQL = """
    CREATE TABLE orders (id bigint PRIMARY KEY, placed timestamptz NOT NULL, note text, total numeric);
    INSERT INTO orders SELECT i, timestamptz '2026-01-01 00:00+00' + i * interval '1 minute',
      'order number ' || i || repeat('x', 60), i / 7.0 FROM generate_series(1, 20000) AS i;
    CREATE TABLE customers (id int PRIMARY KEY, name text);
    INSERT INTO customers VALUES (1, E'tab\\tnewline\\nbackslash\\\\'), (2, NULL), (3, '\\N'), (4, 'żółć');
    CREATE TABLE empty (id int);
    CREATE TABLE documents (id int PRIMARY KEY, body text, pad text);
    ALTER TABLE documents ALTER body SET STORAGE EXTERNAL, ALTER pad SET STORAGE PLAIN;
    INSERT INTO documents SELECT i, repeat(md5(i::text), 2000), repeat('p', 1500) FROM generate_series(1, 40) AS i;
    CREATE SEQUENCE numbers; SELECT setval('numbers', 41); CREATE SEQUENCE untouched;
    """

/// A table that makes work for four workers, with ranges of 1.3 MB.
let fourRangesSQL = """
    CREATE TABLE wide AS SELECT i, repeat(md5(i::text), 10) AS body FROM generate_series(1, 15000) AS i;
    """
