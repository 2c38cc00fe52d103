import Model
import PostgresClient
import TestSupport
import Testing

@testable import Drills

@Suite("What a drill says of sequences and large objects")
struct CheckTests {
    @Test("a sequence that was never called stands somewhere too")
    func sequences() throws {
        try withDatabase(sql: "CREATE SEQUENCE s; CREATE SEQUENCE \"T\"; SELECT setval('s', 42, false)") { settings in
            let connection = try Connection(settings)
            func check(_ value: Int64, _ isCalled: Bool) throws -> DrillRun.Check? {
                try SequenceCheck(connection: connection).run([
                    SequenceState(schema: "public", name: "T", lastValue: 1, isCalled: false),
                    SequenceState(schema: "public", name: "s", lastValue: value, isCalled: isCalled),
                ])
            }
            #expect(try check(42, false)?.passed == true)
            for (value, isCalled) in [(41, false), (42, true)] as [(Int64, Bool)] {
                #expect(try check(value, isCalled)?.detail == "not where they stood: public.s")
            }
            let gone = SequenceState(schema: "public", name: "gone", lastValue: 1, isCalled: true)
            #expect(try SequenceCheck(connection: connection).run([gone])?.passed == false)
        }
    }

    @Test("an empty large object is its number, owner, privileges and comment")
    func largeObjects() throws {
        let sql = """
            SELECT lo_create(70001), lo_create(70002); COMMENT ON LARGE OBJECT 70001 IS 'a photo';
            GRANT SELECT ON LARGE OBJECT 70002 TO PUBLIC; REVOKE UPDATE ON LARGE OBJECT 70002 FROM postgres;
            """
        try withDatabase(sql: sql) { settings in
            let connection = try Connection(settings)
            let photo = LargeObjectFacts(oid: 70001, owner: "postgres", privileges: nil, comment: "a photo")
            let list = "{=r/postgres,postgres=r/postgres}"
            let shared = LargeObjectFacts(oid: 70002, owner: "postgres", privileges: list, comment: nil)
            func check(_ change: (inout LargeObjectFacts) -> Void = { _ in }) throws -> DrillRun.Check? {
                var other = shared
                change(&other)
                return try LargeObjectCheck(connection: connection)
                    .run(LargeObjectData(objects: [photo, other], ranges: []), encoding: "UTF8")
            }
            #expect(try check()?.passed == true)
            for changed in [
                try check { $0.oid = 70003 }, try check { $0.owner = "pg_monitor" }, try check { $0.comment = "mine" },
                try check { $0.privileges = nil }, try check { $0.privileges = "{postgres=r/postgres}" },
            ] {
                #expect(changed?.passed == false)
                let words = "not there, or with another owner, privileges or comment: 7000"
                #expect(changed?.detail?.hasPrefix(words) == true, "\(changed?.detail ?? "")")
            }
        }
    }
}
