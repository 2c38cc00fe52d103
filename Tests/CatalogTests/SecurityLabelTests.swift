import PostgresClient
import TestSupport
import Testing

@testable import Catalog

/// One after the other: the role is the server's, and both make it.
@Suite("security labels are carried as pg_dump carries them", .serialized)
struct SecurityLabelTests {
    private static let provider = "lifeboat_test"
    private static let role = "labelled role"

    /// An object of each kind that takes a label.
    private static let sql = """
        CREATE SCHEMA labelled;
        CREATE TABLE labelled.t (a integer, "b %s" text);
        CREATE VIEW labelled.v AS SELECT a FROM labelled.t;
        CREATE MATERIALIZED VIEW labelled.m AS SELECT a FROM labelled.t;
        CREATE SEQUENCE labelled.s;
        CREATE FUNCTION labelled.f(integer, text) RETURNS integer LANGUAGE sql AS 'SELECT 1';
        CREATE PROCEDURE labelled.p(integer) LANGUAGE sql AS 'SELECT 1';
        CREATE AGGREGATE labelled.g(integer) (SFUNC = int4pl, STYPE = integer);
        CREATE DOMAIN labelled.d AS integer;
        CREATE TYPE labelled.e AS ENUM ('x');
        CREATE TYPE labelled.c AS (a integer);
        CREATE FOREIGN DATA WRAPPER labelled_wrapper;
        CREATE SERVER labelled_server FOREIGN DATA WRAPPER labelled_wrapper;
        CREATE FOREIGN TABLE labelled.o (a integer) SERVER labelled_server;
        CREATE PUBLICATION labelled_publication;
        CREATE FUNCTION labelled.w() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
        CREATE EVENT TRIGGER labelled_trigger ON sql_drop EXECUTE FUNCTION labelled.w();
        SELECT lo_create(4711);
        """

    /// A server without the module of a provider takes labels nowhere but in its catalogs.
    private static let labels = """
        SET allow_system_table_mods = on;
        INSERT INTO pg_seclabel SELECT oid, classid, part, '\(provider)', 'it''s "of" ' || name FROM (VALUES
            ('labelled'::regnamespace::oid, 'pg_namespace'::regclass, 0, 'schema'),
            ('labelled.t'::regclass, 'pg_class', 0, 'table'), ('labelled.t'::regclass, 'pg_class', 2, 'column'),
            ('labelled.v'::regclass, 'pg_class', 0, 'view'), ('labelled.m'::regclass, 'pg_class', 0, 'materialized view'),
            ('labelled.s'::regclass, 'pg_class', 0, 'sequence'), ('labelled.o'::regclass, 'pg_class', 0, 'foreign table'),
            ('labelled.f'::regproc, 'pg_proc', 0, 'function'), ('labelled.p'::regproc, 'pg_proc', 0, 'procedure'),
            ('labelled.g'::regproc, 'pg_proc', 0, 'aggregate'), ('labelled.d'::regtype, 'pg_type', 0, 'domain'),
            ('labelled.e'::regtype, 'pg_type', 0, 'enum'), ('labelled.c'::regtype, 'pg_type', 0, 'composite'),
            ((SELECT oid FROM pg_publication), 'pg_publication', 0, 'publication'),
            ((SELECT oid FROM pg_event_trigger), 'pg_event_trigger', 0, 'event trigger'),
            (4711, 'pg_largeobject', 0, 'large object')) AS x (oid, classid, part, name);
        INSERT INTO pg_shseclabel VALUES ('"\(role)"'::regrole, 'pg_authid'::regclass, '\(provider)', 'a role');
        INSERT INTO pg_shseclabel
            SELECT oid, 'pg_database'::regclass, '\(provider)', 'a database' FROM pg_database WHERE datname = current_database()
        """

    @Test("pg_dump says the same labels, of every kind that takes one", arguments: PostgresMajor.allCases)
    func sameAsDumped(major: PostgresMajor) throws {
        try Self.withLabels(on: major) { settings in
            let told = try Corpus.dump(settings, by: major) + Corpus.dumpGlobals(settings, by: major)
            let catalog = try Corpus.read(settings)
            let ours = catalog.objects.flatMap { object in
                object.remarks.filter { $0.provider != nil }.map { $0.statement + ";" }
            }
            // pg_dumpall says the database's, which has another name after a restore.
            let theirs = told.filter { $0.hasPrefix("SECURITY LABEL ") && !$0.contains("ON DATABASE ") }
            #expect(ours.count == 16)
            #expect(Set(ours.map(Self.plain)) == Set(theirs.map(Self.plain)))
            #expect(catalog.notices.contains("the security label of large object 4711 was left out"))
            #expect(catalog.notices.contains("the security label of the database was left out"))
        }
    }

    @Test("as text it makes everything but the labels where the module is missing, with a warning for each")
    func byHand() throws {
        try Self.withLabels(on: .v15) { settings in
            let catalog = try Corpus.read(settings)
            let script = try RestoreScript(RestoreOrder(catalog, dropsMissingPublic: true))
                .sql(RestoreSection.allCases.filter { $0 != .roles })
            try withDatabase(options: "TEMPLATE template0") { copy in
                let connection = try Connection(copy)
                try connection.execute(script)
                let warnings = connection.notices.filter { $0.text.contains("\"\(Self.provider)\" is not loaded") }
                #expect(warnings.count == 15)
                let difference = try CatalogDifference.compare(catalog, Corpus.read(copy)) { object in
                    // Other tests make roles meanwhile.
                    object.identity.kind == .role ? nil : object
                }
                // One of them has two.
                #expect(difference.objects.count == 14)
                for object in difference.objects {
                    guard case .changed(let fields) = object.change else {
                        Issue.record("\(object)")
                        continue
                    }
                    #expect(fields.map(\.field) == ["comments"], "\(object)")
                }
            }
        }
    }

    /// pg_dump quotes only the names that need it.
    private static func plain(_ text: String) -> String { text.replacing("\"", with: "") }

    private static func withLabels(on major: PostgresMajor, _ body: (ConnectionSettings) throws -> Void) throws {
        let administrator = try Connection(PostgresServer.shared(major).settings())
        try administrator.execute("CREATE ROLE \"\(role)\"")
        // Its label goes with it.
        defer { try? administrator.execute("DROP ROLE \"\(role)\"") }
        try withDatabase(on: major, options: "TEMPLATE template0", sql: sql) { settings in
            try Connection(settings).execute(labels)
            try body(settings)
        }
    }
}
