import Catalog

/// One change of one object: what a fidelity check has to notice.
struct Mutation: CustomStringConvertible {
    var object: ObjectIdentity
    var sql: String

    var description: String { "\(object): \(sql)" }

    /// Whether a difference in `other` names what was changed: the object, or a constraint of its own.
    ///
    /// From 18 on SET NOT NULL says nothing new of a partition whose parent has a NOT NULL that is not validated, but makes
    /// the constraint, which came with the parent's, one of the partition's own.
    func isNamed(by other: ObjectIdentity) -> Bool {
        if other == object { return true }
        return sql.hasSuffix(" SET NOT NULL") && other.kind == .constraint && other.schema == object.schema
            && other.parent == object.name
    }

    /// Every way in which `object` is taken apart here: gone, renamed, given away, altered, and without each single
    /// comment, label, grant and setting.
    static func all(of object: CatalogObject) -> [Mutation] {
        let statements =
            [drop(object), rename(object)].compactMap(\.self) + definitionChanges(object) + owners(object)
            + object.remarks.filter { !$0.text.isEmpty }.map(silence) + reversals(object)
            + resets(object)
        return statements.map { Mutation(object: object.identity, sql: $0) }
    }

    /// Those that change the definition and leave the object where it is.
    static func alterations(of object: CatalogObject) -> [Mutation] {
        definitionChanges(object).map { Mutation(object: object.identity, sql: $0) }
    }

    /// What removes the object; nil for what the whole server shares and for what only has changed privileges.
    private static func drop(_ object: CatalogObject) -> String? {
        let identity = object.identity
        guard object.stages.contains(where: { $0.purpose == .create && !$0.statements.isEmpty }) || object.owner != nil
        else {
            switch identity.kind {
            case .defaultPrivileges: return reversedDefaults(object)
            case .operatorFamily: return withoutMembers(object)
            default: return nil
            }
        }
        switch identity.kind {
        case .role, .database: return nil
        case .defaultPrivileges: return reversedDefaults(object)
        case .constraint, .foreignKey:
            let keyword = object.reference.contains(" ON DOMAIN ") ? "DOMAIN" : "TABLE"
            return "ALTER \(keyword) \(parent(of: identity)) DROP CONSTRAINT \(quoted(identity.name)) CASCADE"
        case .largeObject: return "SELECT pg_catalog.lo_unlink(\(identity.name))"
        default:
            let isAlone = [.userMapping, .subscription, .eventTrigger, .publication].contains(identity.kind)
            return "DROP \(keyword(identity.kind)) \(object.reference)" + (isAlone ? "" : " CASCADE")
        }
    }

    /// What users added to a family of the server's own.
    private static func withoutMembers(_ object: CatalogObject) -> String? {
        let statements = object.stages.flatMap { $0.statements }
        guard let statement = statements.first(where: { $0.contains(" ADD\n") }) else { return nil }
        let members = statement.matches(of: #/    (OPERATOR|FUNCTION) (\d+) (?:[^(\n]*)(\([^)]*\))/#)
        if members.isEmpty { return nil }
        let list = members.map { "\($0.1) \($0.2) \($0.3)" }.joined(separator: ", ")
        return "ALTER OPERATOR FAMILY \(object.reference) DROP \(list)"
    }

    private static func reversedDefaults(_ object: CatalogObject) -> String {
        object.stages[0].statements.map { statement in
            statement.contains(" GRANT ")
                ? statement.replacing(" GRANT ", with: " REVOKE ").replacing(" TO ", with: " FROM ")
                    .replacing(" WITH GRANT OPTION", with: "")
                : statement.replacing(" REVOKE ", with: " GRANT ").replacing(" FROM ", with: " TO ")
        }.joined(separator: "; ")
    }

    private static func rename(_ object: CatalogObject) -> String? {
        switch object.identity.kind {
        case .role, .database, .extension, .cast, .transform, .userMapping, .largeObject, .defaultPrivileges, .operator:
            return nil
        case .constraint, .foreignKey:
            let keyword = object.reference.contains(" ON DOMAIN ") ? "DOMAIN" : "TABLE"
            let name = quoted(object.identity.name)
            return "ALTER \(keyword) \(parent(of: object.identity)) RENAME CONSTRAINT \(name) TO renamed_by_mutation"
        default: return "ALTER \(keyword(object.identity.kind)) \(object.reference) RENAME TO renamed_by_mutation"
        }
    }

    /// Changes of the definition by kind.
    private static func definitionChanges(_ object: CatalogObject) -> [String] {
        // Of what is the server's own, only the privileges are carried.
        if object.identity.schema == "pg_catalog" { return [] }
        let name = object.reference
        let table = parent(of: object.identity)
        switch object.identity.kind {
        case .table:
            return ["ALTER TABLE \(name) ADD COLUMN mutated integer", "ALTER TABLE \(name) SET (fillfactor = 33)"]
                + columnChanges(object, "TABLE")
        case .foreignTable:
            return ["ALTER FOREIGN TABLE \(name) ADD COLUMN mutated integer"] + columnChanges(object, "FOREIGN TABLE")
        case .view: return ["ALTER VIEW \(name) SET (security_barrier = \(!isBarrier(object)))"]
        case .materializedView: return ["ALTER MATERIALIZED VIEW \(name) SET (fillfactor = 33)"]
        case .sequence: return ["ALTER SEQUENCE \(name) CACHE 77", "ALTER SEQUENCE \(name) INCREMENT 7"]
        case .function, .procedure:
            let keyword = keyword(object.identity.kind)
            return ["ALTER \(keyword) \(name) SECURITY DEFINER", "ALTER \(keyword) \(name) SET geqo = off"]
        case .compositeType: return ["ALTER TYPE \(name) ADD ATTRIBUTE mutated integer CASCADE"]
        case .enumType: return ["ALTER TYPE \(name) ADD VALUE 'mutated'"]
        case .domain: return ["ALTER DOMAIN \(name) ADD CONSTRAINT mutated CHECK (VALUE IS NOT NULL)"]
        case .index: return ["ALTER INDEX \(name) SET (fillfactor = 33)"]
        case .trigger:
            let trigger = quoted(object.identity.name)
            let statements = object.stages.flatMap { $0.statements }
            // A copy of a parent's trigger is an object only where its state is another one.
            let states = ["DISABLE", "ENABLE", "ENABLE ALWAYS"]
            let state = states.first { word in statements.contains { $0.contains("\(table) \(word) TRIGGER ") } }
            return states.filter { $0 != state ?? "ENABLE" }.map { "ALTER TABLE \(table) \($0) TRIGGER \(trigger)" }
        case .rule: return ["ALTER TABLE \(table) DISABLE RULE \(quoted(object.identity.name))"]
        case .policy: return ["ALTER POLICY \(name) TO corpus_admin"]
        case .server: return ["ALTER SERVER \(name) OPTIONS (ADD mutated 'x')"]
        case .foreignDataWrapper: return ["ALTER FOREIGN DATA WRAPPER \(name) OPTIONS (ADD mutated 'x')"]
        case .publication: return ["ALTER PUBLICATION \(name) SET (publish = 'delete')"]
        case .eventTrigger: return ["ALTER EVENT TRIGGER \(name) ENABLE REPLICA"]
        case .statistics: return ["ALTER STATISTICS \(name) SET STATISTICS 77"]
        case .textSearchConfiguration: return ["ALTER TEXT SEARCH CONFIGURATION \(name) DROP MAPPING FOR email"]
        case .role: return ["ALTER ROLE \(name) CONNECTION LIMIT 77"]
        case .userMapping: return ["ALTER USER MAPPING \(name) OPTIONS (ADD mutated 'x')"]
        case .database: return [inThisDatabase("ALTER DATABASE %I CONNECTION LIMIT 77")]
        default: return []
        }
    }

    /// Each column of a table loses its default, its NOT NULL and its statistics target.
    private static func columnChanges(_ object: CatalogObject, _ keyword: String) -> [String] {
        // A table of the server itself is here for its privileges only.
        guard let statement = object.stages[0].statements.first else { return [] }
        let lines = statement.split(separator: "\n").dropFirst()
        return lines.flatMap { line -> [String] in
            // A line break inside a text hides what else the column says.
            let isWhole = line.count { $0 == "'" }.isMultiple(of: 2)
            guard isWhole, let column = line.firstMatch(of: /^    ("(?:[^"]|"")+")/)?.1 else { return [] }
            let alter = "ALTER \(keyword) \(object.reference) ALTER COLUMN \(column) "
            var changes = [alter + "SET STATISTICS 77"]
            if line.contains(" DEFAULT ") { changes.append(alter + "DROP DEFAULT") }
            changes.append(alter + (line.contains(" NOT NULL") ? "DROP NOT NULL" : "SET NOT NULL"))
            return changes
        }
    }

    private static func owners(_ object: CatalogObject) -> [String] {
        guard object.identity.kind != .database, let statement = object.ownerStatement,
            let word = statement.firstRange(of: " OWNER TO ")
        else { return [] }
        return [statement[..<word.upperBound] + (object.owner == "corpus_admin" ? "postgres" : "corpus_admin")]
    }

    /// What takes back each grant as whoever granted it, or grants what was revoked.
    private static func reversals(_ object: CatalogObject) -> [String] {
        var reversals: [String] = []
        var grantor: String?
        for statement in object.privilegeStatements {
            if statement.hasPrefix("SET ROLE ") { grantor = statement }
            if statement == "RESET ROLE" { grantor = nil }
            guard let reversal = reverse(statement) else { continue }
            reversals.append(grantor.map { "\($0); \(reversal); RESET ROLE" } ?? reversal)
        }
        return reversals
    }

    /// What takes a grant back, or grants what was revoked.
    private static func reverse(_ statement: String) -> String? {
        let isGrant = statement.hasPrefix("GRANT ")
        guard isGrant || statement.hasPrefix("REVOKE "),
            let split = statement.ranges(of: isGrant ? " TO " : " FROM ").last
        else { return nil }
        let option = statement.hasSuffix(" WITH GRANT OPTION")
        let receiver = statement[split.upperBound...].replacing(" WITH GRANT OPTION", with: "")
        let what = statement[..<split.lowerBound].drop { $0 != " " }
        if !isGrant { return "GRANT\(what) TO \(receiver)" }
        return "REVOKE\(option ? " GRANT OPTION FOR" : "")\(what) FROM \(receiver) CASCADE"
    }

    private static func silence(_ remark: Remark) -> String {
        guard let provider = remark.provider else { return "COMMENT ON \(remark.target) IS NULL" }
        return "SECURITY LABEL FOR \(quoted(provider)) ON \(remark.target) IS NULL"
    }

    /// Settings of a role or of the database, all gone.
    private static func resets(_ object: CatalogObject) -> [String] {
        let statements = object.stages.filter { $0.purpose == .setting }.flatMap(\.statements)
        switch object.identity.kind {
        case .role:
            let name = object.reference
            let hasOwn = statements.contains { $0.hasPrefix("ALTER ROLE") }
            let hasHere = statements.contains { $0.contains("IN DATABASE") }
            return (hasOwn ? ["ALTER ROLE \(name) RESET ALL"] : [])
                + (hasHere
                    ? [inThisDatabase("ALTER ROLE \(name.replacing("%", with: "%%")) IN DATABASE %I RESET ALL")] : [])
        case .database:
            return (statements.contains { $0.contains(" SET ") } ? [inThisDatabase("ALTER DATABASE %I RESET ALL")] : [])
                + (statements.contains { $0.contains("COMMENT ON") }
                    ? [inThisDatabase("COMMENT ON DATABASE %I IS NULL")] : [])
        default: return []
        }
    }

    private static func inThisDatabase(_ pattern: String) -> String {
        "DO $m$BEGIN EXECUTE format('\(pattern.replacing("'", with: "''"))', current_database()); END$m$"
    }

    private static func isBarrier(_ object: CatalogObject) -> Bool {
        object.stages.contains { stage in
            stage.statements.contains { $0.contains("\"security_barrier\"='true'") }
        }
    }

    private static func keyword(_ kind: ObjectKind) -> String {
        switch kind {
        case .enumType, .compositeType, .rangeType: "TYPE"
        default: kind.rawValue.replacing("-", with: " ").uppercased()
        }
    }

    private static func parent(of identity: ObjectIdentity) -> String {
        [identity.schema, identity.parent].compactMap(\.self).map(quoted).joined(separator: ".")
    }

    private static func quoted(_ name: String) -> String { "\"" + name.replacing("\"", with: "\"\"") + "\"" }
}
