import Diagnostics
import PostgresClient

/// Holds what the readers found against what the catalogs have: nothing may be left behind in silence.
struct CompletenessCheck {
    private let context: ReadingContext
    private let covered: Set<CatalogAddress>

    init(_ context: ReadingContext, _ found: [FoundObject]) {
        self.context = context
        var covered = context.ignored
        covered.reserveCapacity(4 * found.count)
        // By index: a copy of each object would take longer than the rest.
        for index in found.indices {
            covered.insert(found[index].address)
            for alias in found[index].aliases { covered.insert(alias) }
            for part in found[index].parts.indices { covered.insert(found[index].parts[part].address) }
            for stage in found[index].stages.indices {
                for source in found[index].stages[stage].sources { covered.insert(source) }
            }
        }
        self.covered = covered
    }

    /// Throws `unsupportedObject` naming what no reader knows, unless it is excluded; returns the patterns that did so.
    @discardableResult
    func run(excluding exclusion: Exclusion) throws -> Set<String> {
        try noticeUsersObjectsInSystemSchemas()
        try requireKnownCatalogs()
        var missing: [CatalogAddress] = []
        let everything = try context.numbers(Self.everything)
        for row in 0..<everything.count {
            let address = CatalogAddress(everything[row, 0], everything[row, 1])
            if !covered.contains(address), context.members[address] == nil { missing.append(address) }
        }
        var names: [String] = []
        var used: Set<String> = []
        for address in missing.prefix(200) {
            let rows = try context.query(
                """
                SELECT i.type, i.schema, i.name, i.identity,
                  pg_describe_object(\(address.catalog)::oid, \(address.oid)::oid, 0) AS described
                FROM pg_identify_object(\(address.catalog)::oid, \(address.oid)::oid, 0) i
                """
            )
            guard let row = rows.first else { continue }
            let kind = row.text("type").replacing(" ", with: "-")
            let name = row["name"] ?? row.text("identity")
            let covering = exclusion.covering(kind: kind, schema: row["schema"].map(unquoted), name: unquoted(name))
            used.formUnion(covering)
            if covering.isEmpty { names.append("\(kind):\(unquoted(name))") }
        }
        if names.isEmpty { return used }
        let list = names.prefix(5).map { "'\($0)'" }.joined(separator: ", ") + (names.count > 5 ? " and others" : "")
        throw Diagnostic(
            .unsupportedObject,
            "the database holds what cannot be backed up yet: \(list)",
            hint: "leave it out on purpose with --exclude \(names[0]).",
            context: ["objects": names.joined(separator: "\n")]
        )
    }

    /// A later version may keep its new kinds in catalogs that no reader knows; what users made there has dependencies.
    private func requireKnownCatalogs() throws {
        guard let first = try context.query(Self.unknownCatalogs).first else { return }
        throw Diagnostic(
            .unsupportedObject,
            "the database holds objects of a kind that is not known yet, in '\(first.text("relname"))'",
            cause: "\(first.text("objects")) of them on PostgreSQL \(context.major)",
            hint: "Upgrade Lifeboat; until then use pg_dump of that version, or drop them."
        )
    }

    static let unknownCatalogs: String = {
        let known = knownCatalogs.map { "'\($0)'" }.joined(separator: ", ")
        return """
            SELECT c.relname, count(DISTINCT d.objid) AS objects
            FROM pg_depend d JOIN pg_class c ON c.oid = d.classid
            WHERE d.objid >= \(ReadingContext.firstUserOID) AND c.relname NOT IN (\(known))
              AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e')
            GROUP BY c.relname ORDER BY c.relname
            """
    }()

    /// Every catalog that has rows of its own in `pg_depend`, up to PostgreSQL 18.
    private static let knownCatalogs = [
        "pg_class", "pg_proc", "pg_type", "pg_cast", "pg_collation", "pg_constraint", "pg_conversion", "pg_attrdef",
        "pg_language", "pg_largeobject", "pg_operator", "pg_opclass", "pg_opfamily", "pg_am", "pg_amop", "pg_amproc",
        "pg_rewrite", "pg_trigger", "pg_namespace", "pg_statistic_ext", "pg_ts_parser", "pg_ts_dict", "pg_ts_template",
        "pg_ts_config", "pg_authid", "pg_database", "pg_tablespace", "pg_foreign_data_wrapper", "pg_foreign_server",
        "pg_user_mapping", "pg_default_acl", "pg_extension", "pg_event_trigger", "pg_policy", "pg_publication",
        "pg_publication_rel", "pg_publication_namespace", "pg_subscription", "pg_transform", "pg_auth_members",
        "pg_parameter_acl", "pg_subscription_rel",
    ]

    /// What users put among the server's own objects is not carried: pg_dump leaves it in silence, we say so.
    private func noticeUsersObjectsInSystemSchemas() throws {
        let rows = try context.query(
            """
            SELECT o.classid, o.oid, pg_describe_object(o.classid, o.oid, 0) AS described
            FROM (
              SELECT 'pg_proc'::regclass::oid AS classid, oid, pronamespace AS schema FROM pg_proc
              UNION ALL SELECT 'pg_operator'::regclass, oid, oprnamespace FROM pg_operator
              UNION ALL SELECT 'pg_class'::regclass, oid, relnamespace FROM pg_class WHERE relkind IN ('r', 'v', 'm', 'S', 'p', 'f')
            ) o JOIN pg_namespace n ON n.oid = o.schema
            WHERE o.oid >= \(ReadingContext.firstUserOID) AND n.nspname IN ('pg_catalog', 'information_schema')
            ORDER BY 1, 2
            """
        )
        for row in rows where context.members[CatalogAddress(row.oid("classid"), row.oid("oid"))] == nil {
            context.notices.append("\(row.text("described")) lies in a system schema and was left out")
        }
    }

    private func unquoted(_ name: String) -> String {
        let mark = UInt8(ascii: "\"")
        guard name.utf8.count >= 2, name.utf8.first == mark, name.utf8.last == mark else { return name }
        return String(decoding: unquotedName(name.utf8), as: UTF8.self)
    }

    /// Everything in the catalogs that is an object of its own and was made by users.
    ///
    /// One branch per catalog.
    static let everything: String = {
        let first = ReadingContext.firstUserOID
        let schema = ReadingContext.userSchema
        let inSchemas = [
            ("pg_operator", "oprnamespace"), ("pg_opclass", "opcnamespace"), ("pg_opfamily", "opfnamespace"),
            ("pg_conversion", "connamespace"), ("pg_collation", "collnamespace"), ("pg_ts_config", "cfgnamespace"),
            ("pg_ts_dict", "dictnamespace"), ("pg_ts_parser", "prsnamespace"), ("pg_ts_template", "tmplnamespace"),
            ("pg_statistic_ext", "stxnamespace"),
        ].map { catalog, column in
            "SELECT '\(catalog)'::regclass::oid, o.oid FROM \(catalog) o JOIN pg_namespace n ON n.oid = o.\(column) WHERE \(schema)"
        }
        let global = [
            "pg_am", "pg_language", "pg_foreign_data_wrapper", "pg_foreign_server", "pg_event_trigger",
            "pg_publication",
            "pg_transform", "pg_default_acl", "pg_extension",
        ].map { "SELECT '\($0)'::regclass::oid, o.oid FROM \($0) o WHERE o.oid >= \(first)" }
        return (inSchemas + global + [special]).joined(separator: "\nUNION ALL\n")
    }()

    private static let special = """
        SELECT 'pg_cast'::regclass::oid, c.oid FROM pg_cast c
        WHERE c.oid >= \(ReadingContext.firstUserOID) AND NOT EXISTS (SELECT FROM pg_depend d
          WHERE d.classid = 'pg_cast'::regclass AND d.objid = c.oid AND d.deptype = 'i')
        UNION ALL
        SELECT 'pg_namespace'::regclass::oid, n.oid FROM pg_namespace n WHERE \(ReadingContext.userSchema)
        UNION ALL
        SELECT 'pg_class'::regclass::oid, c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relpersistence <> 't' AND \(ReadingContext.userSchema)
        UNION ALL
        SELECT 'pg_proc'::regclass::oid, p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE \(ReadingContext.userSchema) AND NOT EXISTS (SELECT FROM pg_depend d
          WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')
        UNION ALL
        SELECT 'pg_type'::regclass::oid, t.oid FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
        LEFT JOIN pg_class c ON c.oid = t.typrelid
        WHERE \(ReadingContext.userSchema) AND (c.oid IS NULL OR c.relkind = 'c') AND t.typtype <> 'm'
          AND NOT EXISTS (SELECT FROM pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid)
          AND NOT EXISTS (SELECT FROM pg_class s WHERE s.oid = t.typrelid AND s.relpersistence = 't')
        UNION ALL
        SELECT 'pg_constraint'::regclass::oid, k.oid FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
        WHERE k.contype IN ('c', 'f', 'p', 'u', 'x') AND k.conislocal AND k.conparentid = 0 AND \(ReadingContext.userSchema)
        UNION ALL
        SELECT 'pg_trigger'::regclass::oid, t.oid FROM pg_trigger t
        JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND \(ReadingContext.userSchema)
        UNION ALL
        SELECT 'pg_policy'::regclass::oid, p.oid FROM pg_policy p
        JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE \(ReadingContext.userSchema)
        UNION ALL
        SELECT 'pg_rewrite'::regclass::oid, r.oid FROM pg_rewrite r
        JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relpersistence <> 't' AND \(ReadingContext.userSchema)
        UNION ALL
        SELECT 'pg_subscription'::regclass::oid, s.oid FROM pg_subscription s
        JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database()
        UNION ALL
        SELECT 'pg_amop'::regclass::oid, a.oid FROM pg_amop a
        WHERE a.amopopr >= \(ReadingContext.firstUserOID) AND NOT EXISTS (SELECT FROM pg_depend d
          WHERE d.classid = 'pg_operator'::regclass AND d.objid = a.amopopr AND d.deptype = 'e')
        UNION ALL
        SELECT 'pg_amproc'::regclass::oid, a.oid FROM pg_amproc a
        WHERE a.amproc >= \(ReadingContext.firstUserOID) AND NOT EXISTS (SELECT FROM pg_depend d
          WHERE d.classid = 'pg_proc'::regclass AND d.objid = a.amproc AND d.deptype = 'e')
        UNION ALL
        SELECT 'pg_user_mapping'::regclass::oid, u.umid FROM pg_user_mappings u
        WHERE u.umid >= \(ReadingContext.firstUserOID)
        """
}
