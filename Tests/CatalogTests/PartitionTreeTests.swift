import Catalog
import PostgresClient
import TestSupport
import Testing

@Suite("what concerns a partition tree is done one thing at a time")
struct PartitionTreeTests {
    /// Three levels, whose topmost key is valid only when every index below is attached, and a key that refers to it.
    private static let sql = """
        CREATE TABLE top (a integer, b integer, PRIMARY KEY (a, b)) PARTITION BY RANGE (a);
        CREATE TABLE mid PARTITION OF top FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (b);
        CREATE TABLE low_1 PARTITION OF mid FOR VALUES FROM (0) TO (10);
        CREATE TABLE low_2 PARTITION OF mid DEFAULT;
        CREATE TABLE side PARTITION OF top DEFAULT;
        CREATE INDEX top_b ON top (b);
        CREATE TABLE refers (a integer, b integer, FOREIGN KEY (a, b) REFERENCES top);
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER each BEFORE UPDATE ON top FOR EACH ROW EXECUTE FUNCTION f();
        """

    @Test(
        "whatever attaches, refers or triggers in it locks its topmost table alone",
        arguments: PostgresMajor.allCases
    )
    func locks(major: PostgresMajor) throws {
        try withDatabase(on: major, options: "TEMPLATE template0", sql: Self.sql) { settings in
            let order = try RestoreOrder(Corpus.read(settings))
            let top = ObjectIdentity(.table, schema: "public", name: "top")
            let steps = order.steps[order.steps(in: .postData)].filter { step in
                step.statements.contains { $0.contains("ATTACH PARTITION") }
                    || step.object.kind == .foreignKey || step.object.kind == .trigger && step.action == .create
            }
            // Four indexes below each of the two topmost ones, the foreign key, the trigger.
            #expect(steps.count == 10)
            for step in steps {
                #expect(step.locks.contains { $0.table == top && $0.isExclusive }, "\(step.object)")
            }
            let key = try #require(steps.firstIndex { $0.object.kind == .foreignKey })
            let attached = order.steps.indices.filter { place in
                order.steps[place].statements.contains { $0.contains("ATTACH PARTITION") && $0.contains("pkey") }
            }
            #expect(Set(steps[key].after).isSuperset(of: attached), "the foreign key waits for the whole key")
        }
    }

    @Test(
        "what is not validated comes with the topmost table and is not made again for its partitions",
        arguments: PostgresMajor.allCases
    )
    func notValidated(major: PostgresMajor) throws {
        let sql = """
            CREATE TABLE top (a integer, b integer) PARTITION BY RANGE (a);
            CREATE TABLE zone PARTITION OF top FOR VALUES FROM (0) TO (10);
            CREATE TABLE basement PARTITION OF top DEFAULT;
            INSERT INTO top VALUES (1, -1), (11, NULL);
            ALTER TABLE top ADD CONSTRAINT positive CHECK (b > 0) NOT VALID;
            """
        let later = major == .v18 ? "ALTER TABLE top ADD CONSTRAINT there NOT NULL b NOT VALID" : ""
        try withDatabase(on: major, options: "TEMPLATE template0", sql: sql + later) { original in
            let before = try Corpus.read(original)
            try withDatabase(on: major, options: "TEMPLATE template0") { copy in
                try Corpus.restore(before, into: copy)
                #expect(try CatalogDifference.compare(before, Corpus.read(copy)).objects == [])
                #expect(try Corpus.dump(copy, by: major) == Corpus.dump(original, by: major))
            }
        }
    }
}
