import Catalog
import Model
import PostgresClient

/// The names that are taken in a target, whoever made what has them.
struct TargetNames: Sendable {
    private var schemas: Set<Spelling> = []
    private var relations: Set<TableName> = []
    private var types: Set<TableName> = []
    /// Functions of every kind with the types of their arguments.
    private var routines: Set<Routine> = []

    private struct Routine: Hashable {
        var name: TableName
        var signature: Spelling
    }

    init() {}

    /// Looks at the database that `connection` is in.
    init(_ connection: Connection) throws {
        for row in try connection.query(Self.sql) {
            let name = TableName(schema: row[1] ?? "", name: row[2] ?? "")
            switch row[0] {
            case "schema": schemas.insert(Spelling(name.name))
            case "relation": relations.insert(name)
            case "type": types.insert(name)
            default: routines.insert(Routine(name: name, signature: Spelling(row[3] ?? "")))
            }
        }
    }

    /// Whether creating the object would meet something of the same name.
    func contains(_ identity: ObjectIdentity) -> Bool {
        if identity.kind == .schema { return schemas.contains(Spelling(identity.name)) }
        guard let schema = identity.schema else { return false }
        let name = TableName(schema: schema, name: identity.name)
        switch identity.kind {
        case .table, .foreignTable, .view, .materializedView, .sequence, .index: return relations.contains(name)
        case .type, .enumType, .compositeType, .rangeType, .domain: return types.contains(name)
        case .function, .procedure, .aggregate:
            return routines.contains(Routine(name: name, signature: Spelling(identity.signature ?? "")))
        default: return false
        }
    }

    private static let sql = """
        SELECT 'schema', '', nspname, '' FROM pg_catalog.pg_namespace
        UNION ALL
        SELECT 'relation', n.nspname, c.relname, ''
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        UNION ALL
        SELECT 'type', n.nspname, t.typname, ''
        FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
        UNION ALL
        SELECT 'routine', n.nspname, p.proname,
          CASE p.prokind WHEN 'p' THEN pg_catalog.pg_get_function_identity_arguments(p.oid)
            ELSE pg_catalog.oidvectortypes(p.proargtypes) END
        FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
        """
}
