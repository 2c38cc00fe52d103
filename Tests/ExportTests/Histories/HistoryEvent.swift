import Model
import PostgresClient
import TestSupport
import Testing

@testable import Export

/// What may happen to a database between two looks.
enum HistoryEvent: String, CaseIterable, Sendable {
    case update, hotUpdate, delete, insert, subtransactions, abort, lock, prepare, endPrepared, sleep, wake, overtaken
    case vacuum, freeze, vacuumFull, cluster, shift, reload, copyFreeze
    case addColumn, dropColumn, retype, renameLabel, growComposite, renameNamed
    case crash, seenAndLost, filesPutBack, counterWentBack, counterJumped, counterWentRound, promotion
    case cloneSwap, surgery, blockMisplaced, archiveLost, otherSettings, disguise

    /// Whether it is only seen between two looks that nothing else comes between.
    var isDelicate: Bool {
        switch self {
        case .shift, .retype, .renameLabel, .growComposite, .renameNamed, .surgery, .overtaken, .archiveLost,
            .counterWentRound:
            true
        default: false
        }
    }

    /// How often it is in a bag.
    var weight: Int {
        switch self {
        case .update: 5
        case .hotUpdate, .delete, .insert: 3
        case .subtransactions, .vacuum: 2
        default: 1
        }
    }
}

extension RandomHistory {
    /// The tables: `p1` lives, `tiny` has one block, `facts` keeps still, `bulk` is loaded at once, `names` prints names.
    func prepare() throws {
        try Connection(source).execute(
            """
            CREATE EXTENSION pg_surgery;
            CREATE TYPE pe AS ENUM ('a', 'b', 'c'); CREATE TYPE pc AS (x int, y int);
            CREATE TABLE p1 (id int, e pe, c pc, v text, b bytea, at timestamptz) WITH (fillfactor = 80);
            CREATE INDEX p1_v ON p1 (v);
            INSERT INTO p1 SELECT g, (ARRAY['a', 'b', 'c'])[1 + g % 3]::pe, row(g, g)::pc,
              md5((g * 7)::text) || repeat('x', g % 60), '\\x0102', '2026-01-01 00:00+00' FROM generate_series(1, 1500) g;
            CREATE TABLE tiny (id int, v text); INSERT INTO tiny SELECT g, 'value' || g FROM generate_series(1, 5) g;
            CREATE TABLE facts (id int, v char(100));
            CREATE TABLE bulk (id int, r text, pad char(60)); CREATE INDEX bulk_r ON bulk (r);
            CREATE TABLE named1 (i int); CREATE TABLE names (r regclass); INSERT INTO names VALUES ('named1')
            """
        )
        for part in 0..<40 {
            let series = "generate_series(\(part * 59 + 1), \(part * 59 + 59))"
            try session.execute("INSERT INTO facts SELECT g, 'fact' || g FROM \(series) AS g")
        }
    }

    func play(_ event: HistoryEvent) throws {
        counter += 1
        switch event {
        case .update, .hotUpdate, .delete, .insert, .subtransactions, .abort, .lock: writeRows(event)
        case .prepare, .endPrepared, .sleep, .wake: try leaveOpen(event)
        case .overtaken:
            try endPrepared(committing: true)
            sleeper = nil
            try leaveOpen(.sleep)
            try sleeper?.execute("COMMIT")
            sleeper = nil
        case .vacuum: run("VACUUM p1")
        case .freeze: run("VACUUM (FREEZE) p1")
        case .vacuumFull: run("VACUUM FULL p1")
        case .cluster: run("CLUSTER p1 USING p1_v")
        case .shift: try shift()
        case .reload:
            run(
                "BEGIN; CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT * FROM p1; TRUNCATE p1;"
                    + " INSERT INTO p1 SELECT * FROM kept; COMMIT"
            )
        case .copyFreeze:
            let file = "'\(cluster.folder)/rows'"
            run("BEGIN; COPY p1 TO \(file); TRUNCATE p1; COPY p1 FROM \(file) (FREEZE); COMMIT")
        case .addColumn: run("ALTER TABLE p1 ADD x\(counter) int DEFAULT \(random.int(1...99))")
        case .dropColumn: try dropColumn()
        case .retype: try retype()
        case .renameLabel: try renameLabel()
        case .growComposite: run("ALTER TYPE pc ADD ATTRIBUTE z\(counter) int")
        case .renameNamed: try renameNamed()
        case .archiveLost:
            if let moment = moments.last { lostArchives.insert(moment.archive) }
        case .otherSettings:
            era.isUnpinned = true
            try look()
            era.isUnpinned = false
        case .disguise:
            let kept = era.disguise
            for disguise in 1...3 {
                era.disguise = disguise
                try look()
            }
            era.disguise = kept
        case .surgery: try surgery()
        case .cloneSwap: try cloneSwap()
        case .crash, .seenAndLost, .filesPutBack, .counterWentBack, .counterJumped, .counterWentRound, .promotion,
            .blockMisplaced:
            try restart(event)
        }
    }

    private func writeRows(_ event: HistoryEvent) {
        let (first, value) = (random.int(1...1500), "v\(counter)")
        run("SET synchronous_commit = \(random.chance(2) ? "on" : "off")")
        switch event {
        case .update:
            let last = first + [0, 0, 3, 40][random.int(0...3)]
            let text = "md5('\(value)') || repeat('y', \(random.int(0...60)))"
            run("UPDATE p1 SET v = \(text) WHERE id BETWEEN \(first) AND \(last)")
        case .hotUpdate: run("UPDATE p1 SET c.x = \(counter) WHERE id = \(first)")
        case .delete: run("DELETE FROM p1 WHERE id BETWEEN \(first) AND \(first + [0, 2, 30][random.int(0...2)])")
        case .insert:
            run(
                "INSERT INTO p1 (id, e, c, v, b, at) SELECT \(first) + g, (enum_range(NULL::pe))[1], NULL, '\(value)' || g,"
                    + " '\\x03', '2026-02-02 00:00+00' FROM generate_series(0, \([0, 5, 40][random.int(0...2)])) g"
            )
        case .subtransactions:
            run(
                """
                BEGIN; UPDATE p1 SET v = '\(value)a' WHERE id = \(first); SAVEPOINT a;
                UPDATE p1 SET v = '\(value)b' WHERE id BETWEEN \(first) AND \(first + 9); ROLLBACK TO a; SAVEPOINT b;
                UPDATE p1 SET v = '\(value)c' WHERE id = \(first + 20); RELEASE b; COMMIT
                """
            )
        case .abort: run("BEGIN; UPDATE p1 SET v = 'never' WHERE id % 7 = \(random.int(0...6)); ROLLBACK")
        case .lock:
            let strength = ["UPDATE", "SHARE", "KEY SHARE"][random.int(0...2)]
            run("BEGIN; SELECT count(*) FROM (SELECT FROM p1 WHERE id % 5 = 1 FOR \(strength)) q; COMMIT")
        default: break
        }
    }

    /// Transactions that are still open when somebody looks.
    private func leaveOpen(_ event: HistoryEvent) throws {
        let first = random.int(1...1500)
        switch event {
        case .prepare: run("BEGIN; UPDATE p1 SET v = 'p' WHERE id = \(first); PREPARE TRANSACTION 'g\(counter)'")
        case .endPrepared: try endPrepared(committing: !random.chance(3))
        case .sleep:
            let other = try Connection(source)
            try? other.execute("SET lock_timeout = '50ms'")
            try? other.execute("BEGIN; UPDATE p1 SET c.x = \(counter) WHERE id BETWEEN \(first) AND \(first + 5)")
            sleeper = other
            // A later transaction ends first: the sleeper's rows are older than the next snapshot's end.
            run("UPDATE tiny SET v = v WHERE false; SELECT pg_current_xact_id()")
            try look()
        case .wake:
            try? sleeper?.execute(random.chance(4) ? "ROLLBACK" : "COMMIT")
            sleeper = nil
        default: break
        }
    }

    func endPrepared(committing: Bool) throws {
        for row in try session.query("SELECT gid FROM pg_prepared_xacts") {
            run("\(committing ? "COMMIT" : "ROLLBACK") PREPARED '\(row[0] ?? "")'")
        }
    }

    /// Rows of one transaction move up and look as if they had not: the same places, the same transaction.
    private func shift() throws {
        let rows = "SELECT g, md5((g * \(counter))::text), 'b' || g FROM generate_series(1, 1200) AS g"
        run("TRUNCATE bulk; INSERT INTO bulk \(rows)")
        try look()
        run("DELETE FROM bulk WHERE id <= 7")
        run(random.chance(2) ? "VACUUM FULL bulk" : "CLUSTER bulk USING bulk_r")
    }

    private func dropColumn() throws {
        let sql = "SELECT attname FROM pg_attribute WHERE attrelid = 'p1'::regclass AND attnum > 6 AND NOT attisdropped"
        if let name = try session.query(sql)[safe: 0]?[0] { run("ALTER TABLE p1 DROP \(name)") }
    }

    /// Under UTC the two types look alike on the page: nothing is rewritten.
    private func retype() throws {
        let isZoned = try session.query("SELECT pg_typeof(at) = 'timestamptz'::regtype FROM p1 LIMIT 1")[0, 0] == "t"
        run("SET TimeZone = 'UTC'; ALTER TABLE p1 ALTER at TYPE \(isZoned ? "timestamp" : "timestamptz")")
    }

    private func renameLabel() throws {
        let label = try session.query("SELECT enumlabel FROM pg_enum ORDER BY enumsortorder LIMIT 1")[0, 0] ?? ""
        run("ALTER TYPE pe RENAME VALUE '\(label)' TO 'l\(counter)'")
    }

    private func renameNamed() throws {
        let name = try session.query("SELECT r FROM names")[0, 0] ?? ""
        run("ALTER TABLE \(name) RENAME TO named\(counter)")
    }

    /// Two rows that carry the permanent transaction id 2, one after the other at the same place.
    private func surgery() throws {
        let freeze = "SELECT heap_force_freeze('tiny', ARRAY(SELECT ctid FROM tiny WHERE id = 3))"
        run(freeze)
        try look()
        run("DELETE FROM tiny WHERE id = 3")
        run("VACUUM tiny")
        run("INSERT INTO tiny VALUES (3, 'v\(counter)')")
        run(freeze)
    }

    /// Runs each statement; one that cannot have its lock, or makes no sense now, is left out.
    func run(_ sql: String) {
        do {
            try session.execute(sql)
        } catch {
            session.rollBack()
            if !session.isUsable { try? reconnect() }
        }
    }

    func reconnect() throws {
        session = try Connection(source)
        try session.execute("SET lock_timeout = '50ms'; SET statement_timeout = '20s'")
    }
}

extension Rows {
    fileprivate subscript(safe index: Int) -> Row? { index < count ? self[index] : nil }
}
