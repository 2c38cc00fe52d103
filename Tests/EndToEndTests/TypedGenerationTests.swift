import Model
import PostgresClient
import TestSupport
import Testing

@Suite("Generated columns of a narrower type than their function's")
struct TypedGenerationTests {
    @Test(
        "what the server casts without a word is no difference; tables that look into each other do not wait for ever"
    )
    func casts() throws {
        let sql = """
            CREATE FUNCTION taxed(numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 * 1.2345; END';
            CREATE FUNCTION later(date) RETURNS timestamp LANGUAGE plpgsql IMMUTABLE
              AS 'BEGIN RETURN $1 + interval ''30 hours''; END';
            CREATE TABLE price (net numeric, gross numeric(10, 2) GENERATED ALWAYS AS (taxed(net)) STORED,
              rough float8 GENERATED ALWAYS AS (taxed(net)) STORED, code char(80) GENERATED ALWAYS AS (taxed(net)::text) STORED,
              d date, due date GENERATED ALWAYS AS (later(d)) STORED);
            INSERT INTO price (net, d) SELECT n / 7.0, date '2026-01-01' + n % 300 FROM generate_series(1, 3000) n;
            CREATE TABLE a (id int, pad text);
            CREATE TABLE b (id int, pad text);
            CREATE FUNCTION in_b(int) RETURNS bigint LANGUAGE plpgsql IMMUTABLE
              AS 'BEGIN RETURN (SELECT count(*) FROM public.b WHERE id = $1 AND id < 3); END';
            CREATE FUNCTION in_a(int) RETURNS bigint LANGUAGE plpgsql IMMUTABLE
              AS 'BEGIN RETURN (SELECT count(*) FROM public.a WHERE id = $1 AND id < 3); END';
            INSERT INTO a SELECT n, repeat('x', 200) FROM generate_series(1, 1500) n;
            INSERT INTO b SELECT n, repeat('y', 200) FROM generate_series(1, 1500) n;
            ALTER TABLE a ADD there bigint GENERATED ALWAYS AS (in_b(id)) STORED;
            ALTER TABLE b ADD there bigint GENERATED ALWAYS AS (in_a(id)) STORED;
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            try withDatabase { target in
                let restored = try scene.restore(into: target, "--jobs", "4")
                #expect(restored.status == 0 && !restored.output.contains("not what its function"), "\(restored)")
                for query in ["SELECT sum(gross) FROM price", "SELECT sum(there) FROM a", "SELECT sum(there) FROM b"] {
                    #expect(try scene.value(query, in: target) == scene.value(query, in: scene.source), "\(query)")
                }
            }
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 0, "\(drill)")
        }
    }
}
