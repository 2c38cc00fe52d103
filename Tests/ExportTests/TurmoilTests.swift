import Catalog
import Diagnostics
import Export
import FoundationEssentials
import Model
import PostgresClient
import Repository
import Restore
import RowHashing
import Streams
import Synchronization
import TestSupport
import Testing

@Suite("Turmoil while backups run", .serialized)
struct TurmoilTests {
    /// A few every day, 400 with LIFEBOAT_CAMPAIGN=1, a part of them with 0.1.
    private static let rounds =
        ProcessInfo.processInfo.environment["LIFEBOAT_CAMPAIGN"].flatMap(Double.init).map { max(5, Int(400 * $0)) } ?? 5
    private static let seed = ProcessInfo.processInfo.environment["LIFEBOAT_SEED"].flatMap(UInt64.init) ?? 1

    @Test("whatever is altered, a point is one instant that restores and proves itself, or there is none")
    func everythingAtOnce() throws {
        try withScene(sql: Turmoil.sql) { scene in
            let turmoil = Turmoil(scene.source, seed: Self.seed)
            defer { turmoil.end() }
            var random = SeededGenerator(seed: Self.seed)
            var (committed, reused, refusals) = (0, 0, [String: Int]())
            for round in 1...Self.rounds {
                do {
                    let outcome = try scene.backup {
                        $0.isFull = random.chance(4)
                        $0.workerCount = random.int(1...3)
                        $0.rangeBytes = 64 << 10
                        $0.lockTimeout = .seconds(2)
                        $0.maxLockWait = random.chance(4) ? .milliseconds(50) : nil
                    }
                    committed += 1
                    reused += outcome.report.totals.rangesReused
                    #expect(outcome.report.alarm == nil, "round \(round)")
                    try check(outcome.point, of: scene, "round \(round), seed \(Self.seed)")
                } catch let refused as Diagnostic {
                    let allowed: [DiagnosticCode] = [
                        .databaseLockTimeout, .databaseLockYielded, .databaseChangedDuringExport,
                    ]
                    #expect(allowed.contains(refused.code), "round \(round), seed \(Self.seed): \(refused)")
                    refusals[refused.code.rawValue, default: 0] += 1
                }
            }
            turmoil.end()
            print(
                "turmoil: \(Self.rounds) backups, \(committed) points restored and checked, \(reused) ranges taken over,",
                "refused \(refusals), meanwhile \(turmoil.tally.sorted { $0.key < $1.key })"
            )
            #expect(committed > Self.rounds / 3)
            #expect(reused > 0)
            #expect(turmoil.tally["transfer", default: 0] > Self.rounds * 5)
        }
    }

    /// Restores a point and asks the copy what was always true of the original.
    private func check(_ point: StoredPoint, of scene: ExportScene, _ comment: String) throws {
        try withDatabase { target in
            let catalog = try scene.repository.readCatalog(point.name, identities: scene.identities)
            var options = RestoreOptions()
            options.workers = 2
            _ = try Restorer(
                repository: scene.repository,
                manifest: point.manifest,
                catalog: CatalogSection.decode(catalog),
                identities: scene.identities,
                target: target,
                options: options,
                progress: RestoreProgress(),
                phases: PhaseRecorder()
            ).run(stop: Stop())
            let copy = try Connection(target)
            for (promise, sql) in Turmoil.promises {
                #expect(try copy.query(sql)[0, 0] == "t", "\(comment): \(promise)")
            }
            for table in point.manifest.tables {
                #expect(try proof(of: table, on: copy) == table.proof, "\(comment): rows of \(table.fullName)")
            }
        }
    }

    /// The proof of a table as it is there now, under the settings of an export.
    private func proof(of table: TableData, on copy: Connection) throws -> RowProof {
        var hasher = RowHasher()
        let columns = table.columns.map { quotedIdentifier($0) }.joined(separator: ", ")
        try copy.withTransaction("BEGIN; \(PinnedSettings(knownTo: copy).statements)") {
            _ = try copy.copyOut(
                "COPY (SELECT \(columns) FROM ONLY \(quotedIdentifier(table.schema, table.name))) TO STDOUT"
            ) { hasher.add($0.extracting(droppingLast: 1)) }
        }
        return hasher.proof
    }
}

/// Sessions that write, and sessions that alter tables, until they are ended; each change keeps the promises.
private final class Turmoil: Sendable {
    /// `flow` says which generation of rows `emptied` holds and which table `fresh_…` there is.
    static let sql = """
        CREATE TABLE debit (id int PRIMARY KEY, balance bigint, pad text);
        CREATE TABLE credit (LIKE debit INCLUDING ALL);
        INSERT INTO debit SELECT i, 1000, repeat('d', 100) FROM generate_series(1, 2000) AS i;
        INSERT INTO credit SELECT i, 1000, repeat('c', 100) FROM generate_series(1, 2000) AS i;
        CREATE TABLE flow (name text PRIMARY KEY, generation int);
        INSERT INTO flow VALUES ('emptied', 1), ('fresh', 1);
        CREATE TABLE emptied AS SELECT i AS id, 1 AS generation, repeat('e', 80) AS pad
          FROM generate_series(1, 500) AS i;
        CREATE TABLE fresh_1 AS SELECT i AS id, 1 AS generation FROM generate_series(1, 50) AS i;
        CREATE TABLE retyped AS SELECT i AS id, i AS v, repeat('r', 80) AS pad FROM generate_series(1, 1500) AS i;
        CREATE TABLE moved AS SELECT i AS id, i AS v, md5(i::text) AS r FROM generate_series(1, 3000) AS i;
        CREATE INDEX moved_r ON moved (r);
        CREATE TABLE still AS SELECT i AS id, repeat('s', 80) AS pad FROM generate_series(1, 3000) AS i;
        CREATE TABLE widened AS SELECT i AS id, repeat('w', 80) AS pad FROM generate_series(1, 1500) AS i;
        """

    static let promises = [
        (
            "money moves and does not vanish",
            "SELECT (SELECT sum(balance) FROM debit) + (SELECT sum(balance) FROM credit) = 4000000"
        ),
        (
            "rows are of the generation that is said",
            """
            SELECT count(*) = 500 AND bool_and(e.generation = f.generation) FROM emptied e, flow f
            WHERE f.name = 'emptied'
            """
        ),
        (
            "the table that is said is there, and no other",
            """
            SELECT array_agg(relname::text) = ARRAY[(SELECT 'fresh_' || generation FROM flow WHERE name = 'fresh')]
            FROM pg_class WHERE relname LIKE 'fresh\\_%'
            """
        ),
        ("numbers stay what they are, whatever their type", "SELECT sum(v::int8) = 1125750 FROM retyped"),
        ("rows stay, wherever they are put", "SELECT count(*) = 3000 AND sum(v) = 4501500 FROM moved"),
        ("what nobody touches stays", "SELECT count(*) = 3000 AND sum(id) = 4501500 FROM still"),
        ("rows stay, however many columns they have", "SELECT count(*) = 1500 AND sum(id) = 1125750 FROM widened"),
    ]

    private let stop = Stop()
    private let ended = Latch(count: 4)
    private let counts = Mutex<[String: Int]>([:])

    init(_ source: ConnectionSettings, seed: UInt64) {
        for worker in 0..<4 {
            startDedicatedThread { [self] in
                defer { ended.arrive() }
                guard let connection = try? Connection(source) else { return }
                var random = SeededGenerator(seed: seed &* 31 &+ UInt64(worker))
                var number = 1
                while !stop.isRequested {
                    number += 1
                    let (name, sql) =
                        worker < 2 ? Self.transfer(&random) : Self.alteration(&random, number * 4 + worker)
                    do {
                        // Some are patient and stand in the export's way, others give up.
                        let patience = worker < 2 || random.chance(3) ? 0 : random.int(1...200)
                        try connection.execute("SET lock_timeout = \(patience)")
                        for statement in sql { try connection.execute(statement) }
                        counts.withLock { $0[name, default: 0] += 1 }
                    } catch {
                        connection.rollBack()
                    }
                }
            }
        }
    }

    var tally: [String: Int] { counts.withLock { $0 } }

    /// Ends all sessions; any number of times.
    func end() {
        stop.request()
        ended.wait()
    }

    private static func transfer(_ random: inout SeededGenerator) -> (String, [String]) {
        let (from, onto, amount) = (random.int(1...2000), random.int(1...2000), random.int(1...9))
        let sql = """
            BEGIN; UPDATE debit SET balance = balance - \(amount) WHERE id = \(from);
            UPDATE credit SET balance = balance + \(amount) WHERE id = \(onto); COMMIT
            """
        return ("transfer", [sql])
    }

    private static func alteration(_ random: inout SeededGenerator, _ number: Int) -> (String, [String]) {
        switch random.int(1...8) {
        case 1:
            let rows = "SELECT i, \(number), repeat('e', 80) FROM generate_series(1, 500) AS i"
            let flow = "UPDATE flow SET generation = \(number) WHERE name = 'emptied'"
            return ("truncate", ["BEGIN; TRUNCATE emptied; INSERT INTO emptied \(rows); \(flow); COMMIT"])
        case 2:
            let type = ["int4", "int8", "text", "numeric"][random.int(0...3)]
            return ("type", ["ALTER TABLE retyped ALTER v TYPE \(type) USING v::\(type)"])
        case 3: return ("cluster", ["CLUSTER moved USING moved_r"])
        case 4: return ("vacuum full", ["VACUUM FULL moved"])
        case 5:
            // A table has 1,600 columns in its life, those that are gone included: then it is made anew.
            let add = """
                DO $$ BEGIN
                  IF (SELECT max(attnum) > 1500 FROM pg_attribute WHERE attrelid = 'widened'::regclass) THEN
                    CREATE TABLE anew AS SELECT id, pad FROM widened;
                    DROP TABLE widened;
                    ALTER TABLE anew RENAME TO widened;
                  END IF;
                  ALTER TABLE widened ADD x\(number) int DEFAULT \(number);
                END $$
                """
            return ("add column", [add])
        case 6:
            let drop = """
                DO $$ DECLARE n text; BEGIN
                  SELECT attname INTO n FROM pg_attribute
                  WHERE attrelid = 'widened'::regclass AND attnum > 2 AND NOT attisdropped LIMIT 1;
                  IF n IS NOT NULL THEN EXECUTE format('ALTER TABLE widened DROP %I', n); END IF;
                END $$
                """
            return ("drop column", [drop])
        case 7:
            // One transaction: whoever sees the new table sees that the old one is gone.
            let swap = """
                DO $$ DECLARE old int; BEGIN
                  SELECT generation INTO old FROM flow WHERE name = 'fresh' FOR UPDATE;
                  EXECUTE format('DROP TABLE fresh_%s', old);
                  CREATE TABLE fresh_\(number) AS
                    SELECT i AS id, \(number) AS generation FROM generate_series(1, 50) AS i;
                  UPDATE flow SET generation = \(number) WHERE name = 'fresh';
                END $$
                """
            return ("drop and create", [swap])
        default:
            let rows = "UPDATE moved SET r = md5(r) WHERE id % 50 = \(random.int(0...49))"
            return ("update", [rows, "VACUUM moved"])
        }
    }
}
