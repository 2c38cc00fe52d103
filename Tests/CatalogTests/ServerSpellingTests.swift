import Catalog
import Glibc
import PostgresClient
import TestSupport
import Testing

@Suite("another spelling of a definition is told from another definition")
struct ServerSpellingTests {
    /// A change to the corpus, and what it changes.
    struct Change: Sendable {
        var sql: String
        var kind: ObjectKind
        var name: String
    }

    private static let changes = [
        Change(
            sql: """
                CREATE OR REPLACE VIEW shop.open_orders WITH (security_barrier) AS SELECT o.id, o.total FROM shop.orders o
                WHERE state = 'paid' WITH CASCADED CHECK OPTION
                """,
            kind: .view,
            name: "open_orders"
        ),
        Change(sql: "ALTER VIEW shop.open_orders ALTER total DROP DEFAULT", kind: .view, name: "open_orders"),
        Change(sql: "ALTER VIEW shop.open_orders ALTER id SET DEFAULT 1", kind: .view, name: "open_orders"),
        Change(sql: "ALTER VIEW shop.by_customer SET (security_barrier)", kind: .view, name: "by_customer"),
        Change(sql: "ALTER TABLE shop.customer DISABLE RULE quiet", kind: .rule, name: "quiet"),
        Change(sql: "ALTER POLICY own ON shop.orders USING (customer > 1)", kind: .policy, name: "own"),
        Change(
            sql: """
                ALTER TABLE shop.customer DROP CONSTRAINT customer_name_check,
                ADD CONSTRAINT customer_name_check CHECK (name <> 'x')
                """,
            kind: .table,
            name: "customer"
        ),
        Change(
            sql:
                "ALTER TABLE shop.orders DROP COLUMN tax, ADD COLUMN tax numeric GENERATED ALWAYS AS (total * 0.3) STORED",
            kind: .table,
            name: "orders"
        ),
        Change(
            sql: "DROP INDEX shop.orders_state; CREATE INDEX orders_state ON shop.orders (state) WHERE total > 11",
            kind: .index,
            name: "orders_state"
        ),
        Change(sql: "ALTER TABLE shop.orders ENABLE TRIGGER off", kind: .trigger, name: "off"),
        Change(
            sql: """
                CREATE OR REPLACE FUNCTION shop.is_even(i integer) RETURNS boolean LANGUAGE sql IMMUTABLE
                RETURN i % 2 = 1
                """,
            kind: .function,
            name: "is_even"
        ),
        Change(
            sql: """
                DROP MATERIALIZED VIEW shop.a_second;
                CREATE MATERIALIZED VIEW shop.a_second AS SELECT sum, state FROM shop.summary
                """,
            kind: .materializedView,
            name: "a_second"
        ),
    ]

    @Test(
        "a changed definition is reported, on the same major and on a later one",
        arguments: [PostgresMajor.v15, .v16]
    )
    func otherDefinition(target: PostgresMajor) throws {
        try Corpus.withCopy(of: .v15, on: target) { original, copy in
            let before = try Corpus.read(original)
            for changes in Self.groups {
                let sql = changes.map(\.sql).joined(separator: "; ")
                let settled = try Self.settled(before, after: sql, toCopyOf: copy, on: target)
                for change in changes {
                    let isNamed = settled.contains { $0.object.kind == change.kind && $0.object.name == change.name }
                    #expect(isNamed, "\(change.sql)")
                }
            }
        }
    }

    /// The changes, those of one object apart from each other.
    private static var groups: [[Change]] {
        var groups: [[Change]] = []
        for change in changes {
            let place = groups.firstIndex { group in
                !group.contains { $0.kind == change.kind && $0.name == change.name }
            }
            if let place { groups[place].append(change) } else { groups.append([change]) }
        }
        return groups
    }

    @Test("whatever is altered in a kind that is made again is reported: a sample, all of it in a campaign")
    func everyAlteration() throws {
        try Corpus.withCopy(of: .v15, on: .v15) { original, copy in
            let before = try Corpus.read(original)
            let mutations = before.objects.filter { Self.remade.contains($0.identity.kind) }
                .flatMap(Mutation.alterations)
            #expect(mutations.count > 200)
            let stride = getenv("LIFEBOAT_CAMPAIGN") == nil ? 40 : 1
            for (number, mutation) in mutations.enumerated() where number % stride == 0 {
                let settled = try Self.settled(before, after: mutation.sql, toCopyOf: copy, on: .v15)
                // Nil where the server does not allow the change.
                #expect(settled.isEmpty || settled.contains { $0.object == mutation.object }, "\(mutation)")
            }
        }
    }

    @Test("what a server reads back otherwise than it was told is still the same")
    func unstableSpelling() throws {
        // Told back in lower case once it has been told.
        let kind = "EXTRACT('YEAR' FROM day) > 1"
        let sql = """
            CREATE TABLE t (day date CHECK (\(kind)));
            CREATE TABLE g (day date CHECK (\(kind)), n integer, twice integer GENERATED ALWAYS AS (n * 2) STORED);
            CREATE TABLE p (day date CHECK (\(kind)), n integer) PARTITION BY RANGE (n);
            CREATE VIEW v AS SELECT EXTRACT('YEAR' FROM day) AS year FROM t UNION SELECT NULL::integer FROM t;
            CREATE INDEX i ON t ((\(kind)));
            CREATE INDEX partial ON t (day) WHERE \(kind);
            CREATE INDEX above ON p (n) WHERE \(kind);
            CREATE POLICY p ON t USING (\(kind));
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            CREATE TRIGGER w BEFORE UPDATE ON t FOR EACH ROW WHEN (EXTRACT('YEAR' FROM NEW.day) > 1) EXECUTE FUNCTION f();
            ALTER TABLE t ADD CONSTRAINT x EXCLUDE (day WITH =) WHERE (\(kind));
            ALTER TABLE t ADD CONSTRAINT late CHECK (\(kind) OR day IS NULL) NOT VALID;
            CREATE STATISTICS s ON (\(kind)), day FROM t;
            """
        try withDatabase(options: "TEMPLATE template0", sql: sql) { original in
            try withDatabase(options: "TEMPLATE template0") { copy in
                let before = try Corpus.read(original)
                try Corpus.restore(before, into: copy)
                let after = try Corpus.read(copy)
                let difference = CatalogDifference.compare(before, after)
                let names = Set(difference.objects.map(\.object.name))
                #expect(
                    names.isSuperset(of: ["t", "g", "p", "v", "i", "partial", "above", "w", "x", "late", "s"]),
                    "\(names)"
                )
                #expect(try Corpus.settled(difference, before, after, on: copy).objects == [])
                #expect(try Corpus.read(copy) == after)
            }
        }
    }

    @Test("nothing of the source runs with a superuser's rights while definitions are compared")
    func nobodysRights() throws {
        let check = "day date CHECK (EXTRACT('YEAR' FROM day) > 1)"
        let sql = """
            DO $$BEGIN CREATE ROLE corpus_super SUPERUSER; EXCEPTION WHEN duplicate_object THEN END$$;
            CREATE FUNCTION spy(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 1; END';
            CREATE FUNCTION definer(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER
                AS 'BEGIN RETURN 1; END';
            ALTER FUNCTION definer OWNER TO corpus_super;
            CREATE TABLE t (a integer, \(check));
            CREATE TABLE g (a integer, b integer GENERATED ALWAYS AS (a + spy(7)) STORED, \(check));
            CREATE TABLE p (a integer, \(check)) PARTITION BY RANGE ((a + spy(7)));
            CREATE INDEX i ON t (a) WHERE EXTRACT('YEAR' FROM day) > 1 AND spy(7) = definer(8);
            """
        let body = """
            $$BEGIN
              IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
                RAISE EXCEPTION 'a superuser calls it';
              END IF;
              RETURN 1;
            END$$
            """
        let trap = """
            CREATE OR REPLACE FUNCTION spy(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS \(body);
            CREATE OR REPLACE FUNCTION definer(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER
                AS \(body);
            """
        try withDatabase(options: "TEMPLATE template0", sql: sql) { original in
            try withDatabase(options: "TEMPLATE template0") { copy in
                try Corpus.restore(try Corpus.read(original), into: copy)
                // From here on whatever a superuser made again with it would fail, and stay a difference.
                for settings in [original, copy] { try Connection(settings).execute(trap) }
                let (before, after) = (try Corpus.read(original), try Corpus.read(copy))
                let difference = CatalogDifference.compare(before, after)
                #expect(Set(difference.objects.map(\.object.name)) == ["t", "g", "p", "i"])
                #expect(try Corpus.settled(difference, before, after, on: copy).objects == [])
            }
        }
    }

    private static let remade: Set<ObjectKind> = [
        .view, .function, .procedure, .rule, .policy, .table, .foreignTable, .materializedView, .domain, .index,
        .constraint, .trigger, .statistics,
    ]

    /// What remains of the difference to a copy of `copy` after `change`; empty when the server refuses the change.
    ///
    /// A copy of a database by its server lacks the database's own settings: those always differ and are not asked for.
    private static func settled(
        _ before: DatabaseCatalog,
        after change: String,
        toCopyOf copy: ConnectionSettings,
        on major: PostgresMajor
    ) throws -> [ObjectDifference] {
        try withDatabase(on: major, options: "TEMPLATE \(copy.database)") { mutant in
            do { try Connection(mutant).execute(change) } catch is PostgresError { return [] }
            let after = try Corpus.read(mutant)
            return try Corpus.settled(CatalogDifference.compare(before, after), before, after, on: mutant).objects
        }
    }
}
