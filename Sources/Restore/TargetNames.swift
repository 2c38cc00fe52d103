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
    /// Whatever else has a name in a schema, or in the database.
    private var others: Set<ObjectIdentity> = []

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
            case "routine": routines.insert(Routine(name: name, signature: Spelling(row[3] ?? "")))
            case let word:
                guard let kind = word.flatMap(ObjectKind.init) else { continue }
                others.insert(ObjectIdentity(kind, schema: row[1].flatMap { $0.isEmpty ? nil : $0 }, name: name.name))
            }
        }
    }

    /// Whether creating the object would meet something of the same name; a key makes an index of its name.
    func contains(_ object: CatalogObject) -> Bool {
        guard object.isKey else { return contains(object.identity) }
        return relations.contains(TableName(schema: object.identity.schema ?? "", name: object.identity.name))
    }

    /// The same for what makes nothing of its name but itself, and a row type if it has rows.
    func contains(_ identity: ObjectIdentity) -> Bool {
        if identity.kind == .schema { return schemas.contains(Spelling(identity.name)) }
        guard let schema = identity.schema else { return others.contains(identity) }
        let name = TableName(schema: schema, name: identity.name)
        switch identity.kind {
        case .sequence, .index: return relations.contains(name)
        case .table, .foreignTable, .view, .materializedView: return relations.contains(name) || types.contains(name)
        case .type, .enumType, .compositeType, .rangeType, .domain: return types.contains(name)
        case .function, .procedure, .aggregate:
            return routines.contains(Routine(name: name, signature: Spelling(identity.signature ?? "")))
        default: return others.contains(identity)
        }
    }

    /// An array type is not listed: it makes room for whatever wants its name.
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
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)
        UNION ALL
        SELECT 'routine', n.nspname, p.proname,
          CASE p.prokind WHEN 'p' THEN pg_catalog.pg_get_function_identity_arguments(p.oid)
            ELSE pg_catalog.oidvectortypes(p.proargtypes) END
        FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
        UNION ALL
        SELECT other.kind, n.nspname, other.name, '' FROM (
          SELECT 'statistics' AS kind, stxnamespace AS schema, stxname AS name FROM pg_catalog.pg_statistic_ext
          UNION ALL SELECT 'collation', collnamespace, collname FROM pg_catalog.pg_collation
          UNION ALL SELECT 'conversion', connamespace, conname FROM pg_catalog.pg_conversion
          UNION ALL SELECT 'text-search-configuration', cfgnamespace, cfgname FROM pg_catalog.pg_ts_config
          UNION ALL SELECT 'text-search-dictionary', dictnamespace, dictname FROM pg_catalog.pg_ts_dict
          UNION ALL SELECT 'text-search-parser', prsnamespace, prsname FROM pg_catalog.pg_ts_parser
          UNION ALL SELECT 'text-search-template', tmplnamespace, tmplname FROM pg_catalog.pg_ts_template
        ) AS other JOIN pg_catalog.pg_namespace n ON n.oid = other.schema
        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
        UNION ALL SELECT 'foreign-data-wrapper', '', fdwname, '' FROM pg_catalog.pg_foreign_data_wrapper
        UNION ALL SELECT 'server', '', srvname, '' FROM pg_catalog.pg_foreign_server
        UNION ALL SELECT 'publication', '', pubname, '' FROM pg_catalog.pg_publication
        UNION ALL SELECT 'event-trigger', '', evtname, '' FROM pg_catalog.pg_event_trigger
        """
}
