import Diagnostics
import Export
import Glibc
import Model
import PostgresClient
import Repository
import Streams
import Synchronization
import TestSupport
import Testing

@Suite("A backup under adverse conditions", .serialized)
struct HazardTests {
    @Test("shows one instant, whatever is written meanwhile")
    func consistency() throws {
        let sql = """
            CREATE TABLE accounts (id int PRIMARY KEY, balance bigint, pad text);
            INSERT INTO accounts SELECT i, 1000, repeat('x', 200) FROM generate_series(1, 4000) AS i;
            CREATE TABLE ledger (id bigserial PRIMARY KEY, account int, amount bigint);
            """
        try withScene(sql: sql) { scene in
            let stop = Stop()
            let writers = Latch(count: 2)
            let transfers = Atomic(0)
            let (settings, target) = (scene.source, 40)
            let warm = Latch(count: target)
            for seed in 1...2 {
                startDedicatedThread {
                    defer { writers.arrive() }
                    guard let connection = try? Connection(settings) else { return }
                    var state = UInt64(seed)
                    while !stop.isRequested {
                        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                        let (from, to) = (Int(state >> 33) % 2000 * 2 + seed, Int(state >> 17) % 2000 * 2 + seed)
                        try? connection.execute(
                            """
                            BEGIN; UPDATE accounts SET balance = balance - 7 WHERE id = \(min(from, to));
                            UPDATE accounts SET balance = balance + 7 WHERE id = \(max(from, to));
                            INSERT INTO ledger (account, amount) VALUES (\(min(from, to)), -7), (\(max(from, to)), 7); COMMIT
                            """
                        )
                        if transfers.wrappingAdd(1, ordering: .relaxed).oldValue < target { warm.arrive() }
                    }
                }
            }
            warm.wait()
            for round in 0..<4 {
                let outcome = try scene.backup { $0.workerCount = 3 }
                let accounts = try scene.rows(of: "accounts", in: outcome.point.manifest)
                let ledger = try scene.rows(of: "ledger", in: outcome.point.manifest)
                let balances = accounts.compactMap { Int($0.split(separator: "\t")[1]) }
                #expect(balances.count == 4000)
                #expect(balances.reduce(0, +) == 4_000_000, "round \(round)")
                var moved: [Substring: Int] = [:]
                for line in ledger {
                    let fields = line.split(separator: "\t")
                    moved[fields[1], default: 0] += Int(fields[2]) ?? 0
                }
                let disagreeing = accounts.count { line in
                    let fields = line.split(separator: "\t")
                    return Int(fields[1]) != 1000 + moved[fields[0], default: 0]
                }
                #expect(disagreeing == 0)
            }
            stop.request()
            writers.wait()
        }
    }

    @Test("names the table that the role may not read, and how to grant it")
    func missingPrivilege() throws {
        try withRole { scene, role in
            try scene.sql(
                "GRANT SELECT ON ALL TABLES IN SCHEMA public TO \(role); REVOKE SELECT ON customers FROM \(role)"
            )
            try scene.sql("GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO \(role)")
            var plan = scene.nextPlan()
            plan.source = try plan.source.with("user", role)
            let refused = try diagnostic { try scene.run(plan) }
            #expect(refused.code == .databasePermission)
            #expect(refused.summary == "role '\(role)' may not read table 'public.customers'")
            #expect(refused.hint == #"Run GRANT SELECT ON "public"."customers" TO "\#(role)", or exclude the table."#)
            // Leaving the rows out is the other way.
            plan.excludedRows = [TablePattern("public.customers")]
            #expect(try scene.run(plan).point.manifest.omissions.count == 1)
        }
    }

    @Test("names the sequence that the role may not read")
    func missingSequencePrivilege() throws {
        try withRole { scene, role in
            try scene.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO \(role)")
            var plan = scene.nextPlan()
            plan.source = try plan.source.with("user", role)
            let refused = try diagnostic { try scene.run(plan) }
            #expect(refused.code == .databasePermission)
            #expect(refused.summary == "role '\(role)' may not read sequence 'public.numbers'")
        }
    }

    @Test("refuses when row-level security would hide rows")
    func rowSecurity() throws {
        try withRole { scene, role in
            try scene.sql(
                """
                GRANT SELECT ON ALL TABLES IN SCHEMA public TO \(role);
                GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO \(role);
                ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
                CREATE POLICY few ON orders USING (id < 10)
                """
            )
            var plan = scene.nextPlan()
            plan.source = try plan.source.with("user", role)
            let refused = try diagnostic { try scene.run(plan) }
            #expect(refused.code == .databaseRowSecurity)
            #expect(refused.summary.contains("'public.orders'"))
            try scene.sql("ALTER ROLE \(role) BYPASSRLS")
            let manifest = try scene.run(plan).point.manifest
            #expect(manifest.tables.first { $0.name == "orders" }?.proof.rows == 20000)
        }
    }

    @Test("works for a role that has nothing but pg_read_all_data, and reuses for it too")
    func plainRole() throws {
        try withRole { scene, role in
            try scene.sql("GRANT pg_read_all_data TO \(role); SELECT lo_from_bytea(77, 'x')")
            let source = try scene.source.with("user", role)
            let first = try scene.backup { $0.source = source }
            #expect(first.report.totals.rows == 20045)
            let second = try scene.backup { $0.source = source }
            #expect(second.report.totals.rangesRead == 1)
            #expect(second.report.reads[.notComparable]?.ranges == 1)
        }
    }

    @Test("reads everything, and says why, where the role may not ask for the cluster's identity")
    func forbiddenIdentity() throws {
        try withRole { scene, role in
            try scene.sql("GRANT pg_read_all_data TO \(role)")
            try scene.sql("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
            defer { try? scene.sql("GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC") }
            let source = try scene.source.with("user", role)
            let first = try scene.backup { $0.source = source }
            #expect(first.point.manifest.continuity == nil)
            #expect(first.report.notices.contains { $0.contains("pg_control_system()") })
            #expect(try scene.backup { $0.source = source }.report.reads.keys.map(\.self) == [.noAnchor])
        }
    }

    @Test("ends with the table's name and the session that blocks it when a lock cannot be had")
    func lockTimeout() throws {
        try withScene(sql: shopSQL) { scene in
            let migration = try Connection(scene.source)
            try migration.execute("BEGIN; LOCK TABLE customers IN ACCESS EXCLUSIVE MODE")
            let refused = try diagnostic { try scene.backup() }
            #expect(refused.code == .databaseLockTimeout)
            #expect(refused.summary.contains("'public.customers'"))
            #expect(refused.cause?.contains("process \(migration.backendProcess)") == true)
            try migration.execute("COMMIT")
            try scene.backup()
        }
    }

    @Test("reads a table itself whose lock a worker cannot have, and says who waits")
    func lockQueue() throws {
        try withScene(sql: shopSQL) { scene in
            let source = scene.source
            let ended = Latch(count: 1)
            let ready = Latch(count: 1)
            startDedicatedThread {
                defer { ended.arrive() }
                guard let watch = try? Connection(source), let migration = try? Connection(source) else { return }
                ready.arrive()
                let held = "SELECT count(*) FROM pg_locks WHERE relation = 'customers'::regclass AND granted"
                while (try? watch.query(held)[0, 0]) != "1" {}
                // Waits behind the coordinator, and before every worker.
                try? migration.execute("ALTER TABLE customers RENAME name TO title")
            }
            ready.wait()
            let outcome = try scene.backup {
                $0.workerCount = 1
                $0.rangeBytes = 64 << 10
                $0.audit = .none
            }
            ended.wait()
            #expect(outcome.report.notices.contains { $0.contains("waits for table 'public.customers'") })
            #expect(try scene.rows(of: "customers", in: outcome.point.manifest).count == 4)
            let table = try #require(outcome.point.manifest.tables.first { $0.name == "customers" })
            #expect(table.columns == ["id", "name"])
            #expect(try scene.value("SELECT count(title) FROM customers") == "3")
        }
    }

    @Test("sees a TRUNCATE that was committed before its locks, and not the rows of before")
    func truncatedBefore() throws {
        try withScene(sql: shopSQL) { scene in
            try scene.backup()
            try scene.sql("TRUNCATE customers; INSERT INTO customers VALUES (9, 'only')")
            let outcome = try scene.backup()
            #expect(try scene.rows(of: "customers", in: outcome.point.manifest) == ["9\tonly"])
            #expect(outcome.report.reads[.tableChanged]?.ranges == 1)
        }
    }

    @Test("leaves no point when the server ends its sessions, and the next backup succeeds")
    func killed() throws {
        try withScene(sql: shopSQL) { scene in
            let good = try scene.backup()
            for victim in ["COPY%", "%"] {
                let progress = ExportProgress()
                let killer = SessionKiller(scene.source, pattern: victim, once: { progress.textBytes > 0 })
                var plan = scene.nextPlan()
                plan.isFull = true
                plan.rangeBytes = 64 << 10
                let failed = try diagnostic { try scene.run(plan, progress: progress) }
                killer.end()
                #expect(failed.code == .databaseConnectionLost, "\(failed)")
                try #expect(scene.repository.listPoints(plan: ExportScene.plan).map(\.name) == [good.point.name])
            }
            let points = try scene.repository.listPoints(plan: ExportScene.plan)
            #expect(points.first?.name == good.point.name)
            #expect(try scene.backup().report.totals.bytesRepresented == good.report.totals.bytesRepresented)
            // What the failed runs had stored is gone.
            let used = try points.flatMap { try scene.repository.readPoint($0.name).manifest.archives }
            let present = try scene.repository.listArchives().map(\.id)
            #expect(Set(present).isSubset(of: Set(used.map(\.id))))
            try #expect(scene.repository.sessions().count == 0)
        }
    }

    @Test("stops when asked, and leaves nothing behind")
    func stopped() throws {
        try withScene(sql: shopSQL) { scene in
            let stop = Stop()
            let progress = ExportProgress()
            startDedicatedThread {
                while progress.textBytes == 0 { sched_yield() }
                stop.request()
            }
            #expect(throws: Stopped.self) {
                try scene.run(scene.nextPlan { $0.rangeBytes = 64 << 10 }, stop: stop, progress: progress)
            }
            try #expect(scene.repository.listPoints().count == 0)
            try #expect(scene.repository.listArchives().count == 0)
            try #expect(scene.repository.sessions().count == 0)
        }
    }

    /// A scene with the shop and a plain role of its own.
    private func withRole(_ body: (ExportScene, String) throws -> Void) throws {
        try withScene(sql: shopSQL) { scene in
            let role = "reader_\(scene.source.database)"
            try scene.sql("CREATE ROLE \(role) LOGIN")
            defer { try? scene.sql("DROP OWNED BY \(role); DROP ROLE \(role)") }
            try body(scene, role)
        }
    }
}
