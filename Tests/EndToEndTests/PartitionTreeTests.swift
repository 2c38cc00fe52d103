import Glibc
import PostgresClient
import TestSupport
import Testing

@Suite("A tree of partitions, built from many sessions at once")
struct PartitionTreeTests {
    /// Three levels with eight leaves: the topmost key becomes valid with the last index that is attached below it.
    private static let sql = """
        CREATE TABLE top (a integer, b integer, PRIMARY KEY (a, b)) PARTITION BY LIST (a);
        CREATE INDEX top_b ON top (b);
        DO $$BEGIN
          FOR mid IN 1..4 LOOP
            EXECUTE format('CREATE TABLE mid_%s PARTITION OF top FOR VALUES IN (%s) PARTITION BY LIST (b)', mid, mid);
            FOR low IN 1..2 LOOP
              EXECUTE format('CREATE TABLE low_%s_%s PARTITION OF mid_%s FOR VALUES IN (%s)', mid, low, mid, low);
            END LOOP;
          END LOOP;
        END$$;
        INSERT INTO top SELECT a, b FROM generate_series(1, 4) a, generate_series(1, 2) b;
        CREATE TABLE refers (a integer, b integer, FOREIGN KEY (a, b) REFERENCES top);
        INSERT INTO refers SELECT * FROM top;
        """

    @Test("is restored with valid keys: twice in an ordinary run, thirty times in a campaign")
    func race() throws {
        try Scene.with(sql: Self.sql, on: .v16) { scene in
            try scene.backUp()
            for _ in 0..<(CampaignSize.isCampaign ? 30 : 2) {
                try withDatabase(on: .v16) { target in
                    let text =
                        target.words
                    let answer = try scene.lifeboat("restore", "--from", scene.repository, "--to", text, "--jobs", "8")
                    #expect(answer.status == 0, "\(answer)")
                    let invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
                    #expect(try scene.value(invalid, in: target) == "0")
                }
            }
        }
    }
}
