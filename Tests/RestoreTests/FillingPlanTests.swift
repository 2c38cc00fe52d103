import Model
import Testing

@testable import Catalog
@testable import Restore

@Suite("The order in which a database is filled")
struct FillingPlanTests {
    private let orders = ObjectIdentity(.table, schema: "public", name: "orders")
    private let parts = ObjectIdentity(.table, schema: "public", name: "parts")

    private func table(
        _ name: String,
        rows: Int64 = 10,
        bytes: Int64 = 8 << 20,
        offset: Int64 = 0
    ) throws -> TableData {
        let archive = try #require(ArchiveID(String(repeating: "0", count: 32)))
        let place = ArchiveLocation(archive: archive, offset: offset, length: 0, members: 0, sha256: "")
        let range = TableRange(
            blocks: .all,
            proof: RowProof(rows: rows, sum: 0),
            textBytes: bytes,
            location: place,
            fingerprint: nil,
            readIn: Slot(Instant(secondsSinceEpoch: 0))
        )
        return TableData(schema: "public", name: name, columns: [], ranges: [range])
    }

    private func step(_ kind: ObjectKind, on tables: [ObjectIdentity], after: [Int] = []) -> RestoreStep {
        RestoreStep(
            object: ObjectIdentity(kind, schema: "public", name: "thing", parent: tables[0].name),
            action: .create,
            section: .postData,
            statements: ["SELECT"],
            after: after,
            locks: tables.map { .init(table: $0, isExclusive: true) }
        )
    }

    /// Jobs: the loads of orders and parts are 0 and 1, what waits for both is 2, the steps follow.
    private func plan(_ steps: [RestoreStep], calling: Bool = false) throws -> FillingPlan {
        let tables = [try table("orders"), try table("parts")]
        return FillingPlan(tables, largeObjects: nil, steps: steps, calling: { _ in calling })
    }

    @Test("an index waits for its own table and no other")
    func index() throws {
        #expect(try plan([step(.index, on: [orders])]).jobs[3].ordering.prerequisites == [0])
        #expect(try plan([step(.constraint, on: [parts])]).jobs[3].ordering.prerequisites == [1])
    }

    @Test("a foreign key waits for both of its tables and for the key that it refers to")
    func foreignKey() throws {
        let steps = [step(.constraint, on: [parts]), step(.foreignKey, on: [orders, parts], after: [0])]
        #expect(Set(try plan(steps).jobs[4].ordering.prerequisites) == [0, 1, 3])
    }

    @Test("what may look at any table waits for all of them")
    func everything() throws {
        #expect(try plan([step(.trigger, on: [orders])]).jobs[3].ordering.prerequisites == [2])
        #expect(try plan([step(.index, on: [orders])], calling: true).jobs[3].ordering.prerequisites == [2])
        let elsewhere = ObjectIdentity(.table, schema: "public", name: "partitioned")
        #expect(try plan([step(.index, on: [elsewhere])]).jobs[3].ordering.prerequisites == [2])
        #expect(try plan([]).jobs[2].ordering.prerequisites == [0, 1])
    }

    @Test("a table that calls functions while it is loaded waits for all others, and what needs it until it is settled")
    func late() throws {
        let tables = [try table("orders"), try table("parts"), try table("rates")]
        let steps = [step(.index, on: [orders]), step(.index, on: [parts])]
        let jobs = FillingPlan(
            tables,
            largeObjects: nil,
            steps: steps,
            calling: { _ in false },
            isLate: { $0 == orders }
        ).jobs
        // The other two, what waits for them, the late one, and what settles it.
        #expect(jobs[..<2].compactMap(\.work.table?.name) == ["parts", "rates"])
        #expect(jobs[2].ordering.prerequisites == [0, 1])
        #expect(jobs[3].work.table?.name == "orders" && jobs[3].ordering.prerequisites == [2])
        #expect(jobs[4].ordering.prerequisites == [3])
        #expect(jobs[5].ordering.prerequisites == [0, 1, 2, 3, 4])
        #expect(jobs[6].ordering.prerequisites == [4] && jobs[7].ordering.prerequisites == [0])
        #expect(jobs[8...].flatMap(\.ordering.prerequisites).contains(4))
    }

    @Test("statistics are gathered after everything that locks the table, in batches of small tables")
    func statistics() throws {
        let jobs = try plan([step(.index, on: [orders])]).jobs
        #expect(jobs.count == 6)
        #expect(jobs[4].ordering.prerequisites == [0, 3])
        #expect(jobs[5].ordering.prerequisites == [1])
        let small = try (0..<40).map { try table("t\($0)", bytes: 100) }
        let batches = FillingPlan(small, largeObjects: nil, steps: [], calling: { _ in false }).jobs.count { job in
            if case .analyze = job.work { true } else { false }
        }
        #expect(batches == 3)
    }

    @Test("a table with many indexes begins before a larger one without")
    func weight() throws {
        let tables = [try table("orders", rows: 1_000_000, bytes: 10 << 20), try table("parts", bytes: 20 << 20)]
        let steps = [step(.index, on: [orders]), step(.index, on: [orders])]
        let jobs = FillingPlan(tables, largeObjects: nil, steps: steps, calling: { _ in false }).jobs
        #expect(jobs[0].ordering.weight > jobs[1].ordering.weight)
    }

    @Test("small tables that this restore has made are loaded together, large ones and what an extension made alone")
    func together() throws {
        let tables = [try table("orders"), try table("parts", bytes: 100), try table("extensions", bytes: 100)]
        let plan = FillingPlan(
            tables,
            largeObjects: nil,
            steps: [step(.index, on: [parts])],
            calling: { _ in false },
            isNew: { $0.name != "extensions" }
        )
        #expect(plan.jobs[..<3].map(\.ordering.group) == [nil, FillingPlan.smallLoads, nil])
        #expect(plan.jobs[4].ordering.group != nil)
        let calling = FillingPlan(tables, largeObjects: nil, steps: [step(.index, on: [parts])], calling: { _ in true })
        #expect(calling.jobs[4].ordering.group == nil)
        #expect(calling.jobs[1].ordering.group == nil)
    }

    @Test("small tables are loaded as they lie beside each other in the archives, whatever their sizes")
    func neighbours() throws {
        let tables = try [("c", 300, 512), ("a", 200, 1024), ("b", 100, 0), ("large", 8 << 20, 256)].map {
            try table($0.0, bytes: Int64($0.1), offset: Int64($0.2))
        }
        let plan = FillingPlan(tables, largeObjects: nil, steps: [], calling: { _ in false }, isNew: { _ in true })
        let queue = DependencyQueue(plan.jobs.map(\.ordering))
        #expect(queue.take(upTo: 8).compactMap { plan.jobs[$0].work.table?.name } == ["large"])
        #expect(queue.take(upTo: 8).compactMap { plan.jobs[$0].work.table?.name } == ["b", "c", "a"])
    }

    @Test("sessions that sort share half a GiB")
    func memory() {
        #expect(FillingPlan.sortingKilobytes(workers: 2) == 256 << 10)
        #expect(FillingPlan.sortingKilobytes(workers: 64) == 8 << 10)
    }
}
