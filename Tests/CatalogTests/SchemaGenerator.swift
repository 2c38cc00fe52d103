/// Invents databases: statements of every kind in an order in which most of them work, from a seed.
///
/// A statement that the server refuses (a key on a column that a view needs, say) is skipped by whoever runs them; nothing
/// later relies on it more than by failing in turn.
struct SchemaGenerator {
    private var random: SeededRandom
    private(set) var statements: [String] = []
    private var counter = 0
    private var schemas: [String] = []
    private var types: [String] = [
        "integer", "text", "numeric(8, 2)", "timestamptz", "jsonb", "varchar(9)", "bigint[]",
    ]
    private var tables: [Relation] = []
    private var views: [Relation] = []
    private var functions: [String] = []
    private var commented: [String] = []

    private struct Relation {
        var name: String
        var columns: [(name: String, type: String)]
        /// The column with a primary key.
        var key: String?
        var isPartitioned = false
    }

    static let roles = [
        "corpus_owner", "corpus_reader", "corpus_writer", "corpus_admin", #""corpus ""odd"" role's = / ☃""#,
    ]

    /// Invents a database; the same seed gives the same statements.
    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        for _ in 0..<random.int(1...3) { addSchema() }
        let makers: [(weight: Int, make: (inout SchemaGenerator) -> Void)] = [
            (6, { $0.addType() }), (14, { $0.addTable() }), (6, { $0.addFunction() }), (8, { $0.addView() }),
            (8, { $0.addIndex() }), (8, { $0.addConstraint() }), (5, { $0.addTrigger() }), (4, { $0.addPolicy() }),
            (3, { $0.addRule() }), (5, { $0.addPartitions() }), (3, { $0.addChild() }), (3, { $0.addSequence() }),
            (2, { $0.addStatistics() }), (2, { $0.addPublication() }), (2, { $0.addAggregate() }),
            (2, { $0.addOperator() }), (2, { $0.addTextSearch() }), (3, { $0.addForeign() }), (2, { $0.addCast() }),
            (2, { $0.addCollation() }), (10, { $0.alterColumn() }), (8, { $0.grant() }), (8, { $0.comment() }),
            (5, { $0.giveAway() }), (3, { $0.addDefaultPrivileges() }), (1, { $0.addEventTrigger() }),
        ]
        let total = makers.reduce(0) { $0 + $1.weight }
        for _ in 0..<random.int(20...90) {
            var place = random.int(0...(total - 1))
            for maker in makers {
                place -= maker.weight
                if place < 0 {
                    maker.make(&self)
                    break
                }
            }
        }
    }

    // MARK: Names

    private mutating func bareName() -> String {
        counter += 1
        let samples = [
            "plain", "select", "UPPER", "with space", "it's", "do\"uble", "back\\slash", "per%cent %s %I", "ünï☃",
            " lead",
            "new\nline; DROP TABLE x; --", "$1", "$$", "x:y", "\\! id", "a.b", "table", "-- c", "/* c", "tab\there",
        ]
        let sample = random.pick(samples)
        let name = "\(sample)\(counter)"
        return random.chance(12) ? String(repeating: "n", count: 60) + "\(counter)" : name
    }

    private static func quoted(_ name: String) -> String { "\"" + name.replacing("\"", with: "\"\"") + "\"" }

    private static func literal(_ text: String) -> String {
        "E'" + text.replacing("\\", with: "\\\\").replacing("'", with: "''") + "'"
    }

    private mutating func fresh() -> String { Self.quoted(bareName()) }
    private mutating func inSchema() -> String { random.pick(schemas) + "." + fresh() }
    private mutating func role() -> String { random.pick(Self.roles) }

    private mutating func say(_ sql: String, about target: String? = nil) {
        statements.append(sql)
        if let target { commented.append(target) }
    }

    // MARK: Kinds

    private mutating func addSchema() {
        let name = fresh()
        schemas.append(name)
        say("CREATE SCHEMA \(name)" + (random.chance(2) ? " AUTHORIZATION \(role())" : ""), about: "SCHEMA \(name)")
    }

    private mutating func addType() {
        let name = inSchema()
        switch random.int(0...3) {
        case 0:
            let labels = (0..<random.int(1...4)).map { _ in Self.literal(bareName()) }.joined(separator: ", ")
            say("CREATE TYPE \(name) AS ENUM (\(labels))", about: "TYPE \(name)")
        case 1:
            let check = functions.isEmpty || random.chance(2) ? "VALUE IS NOT NULL" : "\(random.pick(functions))(1) > 0"
            say(
                "CREATE DOMAIN \(name) AS \(random.pick(["integer", "text"])) CHECK (\(check))",
                about: "DOMAIN \(name)"
            )
        case 2:
            let fields = (0..<random.int(1...3)).map { _ in "\(fresh()) \(random.pick(types))" }.joined(separator: ", ")
            say("CREATE TYPE \(name) AS (\(fields))", about: "TYPE \(name)")
        default:
            say(
                "CREATE TYPE \(name) AS RANGE (SUBTYPE = \(random.pick(["float8", "date", "integer"])))",
                about: "TYPE \(name)"
            )
        }
        types.append(name)
    }

    private mutating func columns(_ count: Int) -> [(name: String, type: String)] {
        [(fresh(), random.pick(["integer", "bigint"]))] + (1..<max(2, count)).map { _ in (fresh(), random.pick(types)) }
    }

    private mutating func addTable() {
        let name = inSchema()
        let columns = columns(random.int(2...6))
        var lines = columns.map { "\($0.name) \($0.type)" }
        let hasKey = random.chance(2)
        if hasKey {
            lines[0] += " PRIMARY KEY"
        } else if random.chance(3) {
            lines[0] += " GENERATED ALWAYS AS IDENTITY"
        }
        if random.chance(3) { lines[1] += " NOT NULL" }
        if random.chance(4) { lines.append("\(fresh()) bigint GENERATED ALWAYS AS (\(columns[0].name) * 2) STORED") }
        if random.chance(3) { lines.append("\(fresh()) serial") }
        if random.chance(3) { lines.append("CONSTRAINT \(fresh()) CHECK (\(columns[0].name) > \(random.int(0...9)))") }
        let options = random.chance(4) ? " WITH (fillfactor = \(random.int(20...90)), autovacuum_enabled = false)" : ""
        say(
            "CREATE \(random.chance(6) ? "UNLOGGED " : "")TABLE \(name) (\(lines.joined(separator: ", ")))\(options)",
            about: "TABLE \(name)"
        )
        commented.append("COLUMN \(name).\(columns[1].name)")
        tables.append(Relation(name: name, columns: columns, key: hasKey ? columns[0].name : nil))
    }

    private mutating func addPartitions() {
        let name = inSchema()
        let columns = columns(3)
        let key = columns[0].name
        say(
            "CREATE TABLE \(name) (\(columns.map { "\($0.name) \($0.type)" }.joined(separator: ", "))) PARTITION BY RANGE (\(key))"
        )
        if random.chance(2) { say("ALTER TABLE \(name) ADD PRIMARY KEY (\(key))") }
        for part in 0..<random.int(1...3) {
            let child = inSchema()
            let isDeep = random.chance(3)
            say(
                "CREATE TABLE \(child) PARTITION OF \(name) FOR VALUES FROM (\(part * 10)) TO (\(part * 10 + 10))"
                    + (isDeep ? " PARTITION BY LIST (\(key))" : "")
            )
            if isDeep { say("CREATE TABLE \(inSchema()) PARTITION OF \(child) DEFAULT") }
        }
        if random.chance(2) { say("CREATE INDEX \(fresh()) ON \(name) (\(columns[1].name))") }
        tables.append(Relation(name: name, columns: columns, key: nil, isPartitioned: true))
    }

    private mutating func addChild() {
        guard let parent = tables.filter({ !$0.isPartitioned }).randomElement(using: &random) else { return }
        let name = inSchema()
        let extra = fresh()
        say("CREATE TABLE \(name) (\(extra) text DEFAULT 'x') INHERITS (\(parent.name))", about: "TABLE \(name)")
        tables.append(Relation(name: name, columns: parent.columns + [(extra, "text")], key: nil))
    }

    private mutating func addSequence() {
        let name = inSchema()
        say(
            "CREATE SEQUENCE \(name) INCREMENT \(random.int(1...9)) MINVALUE -5 START 3\(random.chance(2) ? " CYCLE" : "")",
            about: "SEQUENCE \(name)"
        )
        if let table = tables.randomElement(using: &random) {
            say(
                "ALTER TABLE \(table.name) ALTER COLUMN \(table.columns[0].name) SET DEFAULT nextval(\(Self.literal(name)))"
            )
            if random.chance(2) { say("ALTER SEQUENCE \(name) OWNED BY \(table.name).\(table.columns[0].name)") }
        }
    }

    private mutating func addFunction() {
        let name = inSchema()
        let target = "FUNCTION \(name)(integer)"
        switch random.int(0...3) {
        case 0:
            say(
                "CREATE FUNCTION \(name)(a integer DEFAULT 3) RETURNS integer LANGUAGE sql IMMUTABLE RETURN a + 1",
                about: target
            )
        case 1:
            say(
                "CREATE FUNCTION \(name)(integer) RETURNS integer LANGUAGE plpgsql STABLE SET work_mem = '2MB' AS \(Self.literal("BEGIN RETURN $1; -- \(bareName())\nEND"))",
                about: target
            )
        case 2:
            let body =
                tables.randomElement(using: &random).map { "SELECT count(*)::integer FROM \($0.name)" } ?? "SELECT 1"
            say(
                "CREATE FUNCTION \(name)(integer) RETURNS integer LANGUAGE sql BEGIN ATOMIC \(body); END",
                about: target
            )
        default:
            let type = tables.randomElement(using: &random)?.name ?? "integer"
            say(
                "CREATE FUNCTION \(name)(\(type), OUT x integer, OUT y text) RETURNS SETOF record LANGUAGE sql AS 'SELECT 1, ''y'''"
            )
            return
        }
        functions.append(name)
    }

    private mutating func addView() {
        guard let table = (tables + views).randomElement(using: &random) else { return }
        let name = inSchema()
        let columns = [(fresh(), table.columns[0].type), (fresh(), table.columns[1].type)]
        var query =
            "SELECT t.\(table.columns[0].name) AS \(columns[0].0), t.\(table.columns[1].name) AS \(columns[1].0) FROM \(table.name) t"
        if random.chance(3), let function = functions.randomElement(using: &random) {
            query += " WHERE \(function)(2) > 1"
        }
        if random.chance(4), let other = tables.randomElement(using: &random) {
            query +=
                " \(random.pick(["JOIN", "LEFT JOIN"])) \(other.name) o ON o.\(other.columns[0].name) = t.\(table.columns[0].name)"
        }
        if random.chance(3) {
            say(
                "CREATE MATERIALIZED VIEW \(name) AS \(query)\(random.chance(3) ? " WITH NO DATA" : "")",
                about: "MATERIALIZED VIEW \(name)"
            )
        } else {
            say(
                "CREATE VIEW \(name)\(random.chance(4) ? " WITH (security_barrier)" : "") AS \(query)",
                about: "VIEW \(name)"
            )
        }
        views.append(Relation(name: name, columns: columns, key: nil))
    }

    private mutating func addIndex() {
        guard let table = tables.randomElement(using: &random) else { return }
        let column = random.pick(table.columns).name
        let name = fresh()
        let key =
            random.chance(4)
            ? "((\(table.columns[0].name) + \(random.int(1...9))))"
            : "(\(column)\(random.chance(3) ? " DESC NULLS LAST" : ""))"
        let condition = random.chance(4) ? " WHERE \(table.columns[0].name) > 3" : ""
        say("CREATE \(random.chance(4) ? "UNIQUE " : "")INDEX \(name) ON \(table.name) \(key)\(condition)")
        if let schema = schema(of: table.name) { commented.append("INDEX \(schema).\(name)") }
        if random.chance(6), let schema = schema(of: table.name) {
            say("ALTER TABLE \(table.name) CLUSTER ON \(name)");
            say("ALTER INDEX \(schema).\(name) SET (fillfactor = 55)")
        }
    }

    private func schema(of name: String) -> String? { schemas.first { name.hasPrefix($0 + ".") } }

    private mutating func addConstraint() {
        guard let table = tables.randomElement(using: &random) else { return }
        let name = fresh()
        let column = table.columns[0].name
        let add = "ALTER TABLE \(table.name) ADD CONSTRAINT \(name) "
        switch random.int(0...4) {
        case 0: say(add + "UNIQUE (\(column))\(random.chance(2) ? " DEFERRABLE INITIALLY DEFERRED" : "")")
        case 1: say(add + "CHECK (\(column) < \(random.int(100...999)))\(random.chance(2) ? " NOT VALID" : "")")
        // PostgreSQL 17 and 18 make these on partitioned tables, but can attach no partition's to them: nor can pg_dump.
        case 2 where !table.isPartitioned: say(add + "EXCLUDE USING btree (\(column) WITH =)")
        case 2, 3: say(add + "CHECK (\(column) > 0) NO INHERIT")
        default:
            guard let other = tables.filter({ $0.key != nil }).randomElement(using: &random), let key = other.key else {
                return
            }
            say(
                add
                    + "FOREIGN KEY (\(column)) REFERENCES \(other.name) (\(key)) ON DELETE \(random.pick(["CASCADE", "SET NULL", "RESTRICT"]))\(random.chance(3) ? " NOT VALID" : "")"
            )
        }
        commented.append("CONSTRAINT \(name) ON \(table.name)")
    }

    private mutating func addTrigger() {
        guard let table = tables.randomElement(using: &random) else { return }
        let function = inSchema()
        let name = fresh()
        say("CREATE FUNCTION \(function)() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
        let when = random.chance(3) ? " WHEN (OLD.* IS DISTINCT FROM NEW.*)" : ""
        say(
            "CREATE TRIGGER \(name) \(random.pick(["BEFORE", "AFTER"])) UPDATE ON \(table.name) FOR EACH ROW\(when) EXECUTE FUNCTION \(function)(\(Self.literal(bareName())))",
            about: "TRIGGER \(name) ON \(table.name)"
        )
        if random.chance(3) {
            say(
                "ALTER TABLE \(table.name) \(random.pick(["DISABLE", "ENABLE ALWAYS", "ENABLE REPLICA"])) TRIGGER \(name)"
            )
        }
    }

    private mutating func addPolicy() {
        guard let table = tables.randomElement(using: &random) else { return }
        let name = fresh()
        let other = tables.randomElement(using: &random) ?? table
        say("ALTER TABLE \(table.name) \(random.pick(["ENABLE", "FORCE"])) ROW LEVEL SECURITY")
        let condition =
            random.chance(2)
            ? "\(table.columns[0].name) > 0"
            : "EXISTS (SELECT FROM \(other.name) o WHERE o.\(other.columns[0].name) = 1)"
        say(
            "CREATE POLICY \(name) ON \(table.name)\(random.chance(3) ? " AS RESTRICTIVE" : "") FOR SELECT TO \(random.chance(2) ? "PUBLIC" : role()) USING (\(condition))",
            about: "POLICY \(name) ON \(table.name)"
        )
    }

    private mutating func addRule() {
        guard let table = tables.filter({ !$0.isPartitioned }).randomElement(using: &random) else { return }
        let name = fresh()
        say(
            "CREATE RULE \(name) AS ON DELETE TO \(table.name) WHERE OLD.\(table.columns[0].name) = \(random.int(1...9)) DO \(random.pick(["INSTEAD", "ALSO"])) NOTHING",
            about: "RULE \(name) ON \(table.name)"
        )
    }

    private mutating func addStatistics() {
        guard let table = tables.randomElement(using: &random) else { return }
        let name = inSchema()
        say(
            "CREATE STATISTICS \(name) (ndistinct) ON \(table.columns[0].name), \(table.columns[1].name) FROM \(table.name)",
            about: "STATISTICS \(name)"
        )
    }

    private mutating func addPublication() {
        let name = fresh()
        let what = tables.filter { $0.key != nil }.randomElement(using: &random).map {
            "FOR TABLE \($0.name) WHERE (\($0.columns[0].name) > 1)"
        }
        say(
            "CREATE PUBLICATION \(name) \(random.chance(3) ? "FOR TABLES IN SCHEMA \(random.pick(schemas))" : what ?? "") WITH (publish = 'insert')",
            about: "PUBLICATION \(name)"
        )
    }

    private mutating func addAggregate() {
        let name = inSchema()
        say(
            "CREATE AGGREGATE \(name)(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '\(random.int(0...9))')",
            about: "AGGREGATE \(name)(integer)"
        )
    }

    private mutating func addOperator() {
        let schema = random.pick(schemas)
        let symbol =
            random.pick(["<<<", "~~~~", "@#@", "|||", "!=="]) + String(repeating: "=", count: random.int(0...3))
        let function = schema + "." + fresh()
        say("CREATE FUNCTION \(function)(integer, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true'")
        say(
            "CREATE OPERATOR \(schema).\(symbol) (FUNCTION = \(function), LEFTARG = integer, RIGHTARG = text)",
            about: "OPERATOR \(schema).\(symbol) (integer, text)"
        )
    }

    private mutating func addTextSearch() {
        let (dictionary, configuration) = (inSchema(), inSchema())
        say(
            "CREATE TEXT SEARCH DICTIONARY \(dictionary) (TEMPLATE = simple, accept = false)",
            about: "TEXT SEARCH DICTIONARY \(dictionary)"
        )
        say(
            "CREATE TEXT SEARCH CONFIGURATION \(configuration) (COPY = simple)",
            about: "TEXT SEARCH CONFIGURATION \(configuration)"
        )
        say("ALTER TEXT SEARCH CONFIGURATION \(configuration) ALTER MAPPING FOR word WITH \(dictionary), simple")
    }

    private mutating func addForeign() {
        let (wrapper, server, table) = (fresh(), fresh(), inSchema())
        say(
            "CREATE FOREIGN DATA WRAPPER \(wrapper) OPTIONS (a \(Self.literal(bareName())))",
            about: "FOREIGN DATA WRAPPER \(wrapper)"
        )
        say(
            "CREATE SERVER \(server) FOREIGN DATA WRAPPER \(wrapper) OPTIONS (host \(Self.literal(bareName())))",
            about: "SERVER \(server)"
        )
        say("CREATE USER MAPPING FOR \(role()) SERVER \(server) OPTIONS (\"user\" 'u')")
        let columns = columns(3)
        say(
            "CREATE FOREIGN TABLE \(table) (\(columns.map { "\($0.name) \($0.type)" }.joined(separator: ", "))) SERVER \(server)",
            about: "FOREIGN TABLE \(table)"
        )
    }

    private mutating func addCast() {
        let type = inSchema()
        say("CREATE TYPE \(type) AS (x integer)")
        say(
            "CREATE FUNCTION \(type)(integer) RETURNS \(type) LANGUAGE sql IMMUTABLE AS 'SELECT NULL::\(type.replacing("'", with: "''"))'"
        )
        say(
            "CREATE CAST (integer AS \(type)) WITH FUNCTION \(type)(integer)\(random.chance(2) ? " AS ASSIGNMENT" : "")",
            about: "CAST (integer AS \(type))"
        )
    }

    private mutating func addCollation() {
        let name = inSchema()
        say(
            "CREATE COLLATION \(name) (provider = libc, locale = '\(random.pick(["C", "POSIX"]))')",
            about: "COLLATION \(name)"
        )
        if let table = tables.randomElement(using: &random) {
            say("ALTER TABLE \(table.name) ADD COLUMN \(fresh()) text COLLATE \(name)")
        }
    }

    private mutating func alterColumn() {
        guard let table = tables.randomElement(using: &random) else { return }
        let column = random.pick(table.columns).name
        let changes = [
            "ALTER COLUMN \(column) SET STATISTICS \(random.int(1...900))", "ALTER COLUMN \(column) SET NOT NULL",
            "ALTER COLUMN \(column) SET STORAGE EXTERNAL", "ALTER COLUMN \(column) SET DEFAULT NULL",
            "DROP COLUMN \(column)", "REPLICA IDENTITY FULL", "ALTER COLUMN \(column) SET (n_distinct = 7)",
            "SET (autovacuum_vacuum_threshold = \(random.int(1...99)))", "ADD COLUMN \(fresh()) \(random.pick(types))",
            "ALTER COLUMN \(table.columns[0].name) SET DEFAULT \(functions.randomElement(using: &random).map { "\($0)(4)" } ?? "5")",
            "RENAME COLUMN \(column) TO \(fresh())",
        ]
        say("ALTER TABLE \(table.name) \(random.pick(changes))")
    }

    private mutating func grant() {
        let option = random.chance(4) ? " WITH GRANT OPTION" : ""
        switch random.int(0...5) {
        case 0: say("GRANT USAGE, CREATE ON SCHEMA \(random.pick(schemas)) TO \(role())\(option)")
        case 1:
            guard let function = functions.randomElement(using: &random) else { return }
            say("REVOKE EXECUTE ON FUNCTION \(function)(integer) FROM PUBLIC")
            say("GRANT EXECUTE ON FUNCTION \(function)(integer) TO \(role())\(option)")
        case 2:
            guard let table = (tables + views).randomElement(using: &random) else { return }
            say(
                "GRANT SELECT (\(table.columns[0].name)), UPDATE (\(table.columns[1].name)) ON \(table.name) TO \(role())\(option)"
            )
        default:
            guard let table = (tables + views).randomElement(using: &random) else { return }
            say(
                "GRANT \(random.pick(["SELECT", "ALL", "INSERT, DELETE", "TRIGGER"])) ON \(table.name) TO \(random.chance(5) ? "PUBLIC" : role() + option)"
            )
        }
    }

    private mutating func comment() {
        guard let target = commented.randomElement(using: &random) else { return }
        say("COMMENT ON \(target) IS \(Self.literal(bareName() + "\n" + bareName()))")
    }

    private mutating func giveAway() {
        let owner = role()
        let kinds = [
            "TABLE", "VIEW", "MATERIALIZED VIEW", "SEQUENCE", "TYPE", "DOMAIN", "FUNCTION", "SCHEMA", "AGGREGATE",
            "STATISTICS", "SERVER", "FOREIGN TABLE", "COLLATION",
        ]
        guard
            let target = commented.filter({ target in kinds.contains { target.hasPrefix($0 + " ") } }).randomElement(
                using: &random
            )
        else { return }
        say("ALTER \(target) OWNER TO \(owner)")
    }

    private mutating func addDefaultPrivileges() {
        let place = random.chance(2) ? " IN SCHEMA \(random.pick(schemas))" : ""
        let what = random.pick(["SELECT ON TABLES", "USAGE ON SEQUENCES", "EXECUTE ON FUNCTIONS", "USAGE ON TYPES"])
        say("ALTER DEFAULT PRIVILEGES FOR ROLE \(role())\(place) GRANT \(what) TO \(role())")
    }

    private mutating func addEventTrigger() {
        let (function, name) = (inSchema(), fresh())
        say("CREATE FUNCTION \(function)() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'")
        say(
            "CREATE EVENT TRIGGER \(name) ON \(random.pick(["ddl_command_end", "sql_drop"])) EXECUTE FUNCTION \(function)()",
            about: "EVENT TRIGGER \(name)"
        )
    }
}
