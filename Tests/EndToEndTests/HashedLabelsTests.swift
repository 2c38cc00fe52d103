import Model
import PostgresClient
import TestSupport
import Testing

@Suite("Partitions by the hash of what has another number on each server")
struct HashedLabelsTests {
    private static let sql = """
        CREATE TYPE mood AS ENUM ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
        CREATE DOMAIN feeling AS mood;
        CREATE TABLE p (m mood, v int, PRIMARY KEY (m, v)) PARTITION BY HASH (m);
        CREATE TABLE q (d date, m feeling, list mood[]) PARTITION BY RANGE (d);
        CREATE TABLE q1 PARTITION OF q FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY HASH (m, list);
        CREATE TABLE q2 PARTITION OF q DEFAULT;
        DO $$BEGIN
          FOR n IN 0..4 LOOP
            EXECUTE format('CREATE TABLE p%s PARTITION OF p FOR VALUES WITH (MODULUS 5, REMAINDER %s)', n, n);
            EXECUTE format('CREATE TABLE q1%s PARTITION OF q1 FOR VALUES WITH (MODULUS 5, REMAINDER %s)', n, n);
          END LOOP;
        END$$;
        CREATE INDEX ON p (v);
        CREATE TABLE r (m mood, v int, FOREIGN KEY (m, v) REFERENCES p);
        INSERT INTO p SELECT (enum_range(NULL::mood))[1 + i % 8], i FROM generate_series(1, 4000) i;
        INSERT INTO r SELECT m, v FROM p WHERE v % 10 = 0;
        INSERT INTO q SELECT date '2026-06-01' + i % 400, (enum_range(NULL::mood))[1 + i % 8],
          ARRAY[(enum_range(NULL::mood))[1 + i % 3]] FROM generate_series(1, 2000) i;
        """

    @Test(
        "every row comes back, in whichever partition it belongs here, and a drill proves them together",
        arguments: [1, 4]
    )
    func whole(_ jobs: Int) throws {
        try Scene.with(sql: Self.sql) { scene in
            try scene.backUp()
            for _ in 0..<3 {
                try withDatabase(on: .v18) { target in
                    let restored = try scene.restore(into: target, "--jobs", "\(jobs)")
                    #expect(restored.status == 0, "\(restored)")
                    for table in ["p", "q", "r"] {
                        let sum = "SELECT count(*) || ' ' || sum(hashtext(t::text)) FROM \(table) AS t"
                        #expect(try scene.value(sum, in: target) == scene.value(sum, in: scene.source))
                    }
                }
            }
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 0, "\(drill)")
        }
    }
}
