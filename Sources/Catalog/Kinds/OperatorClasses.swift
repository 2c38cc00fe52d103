import PostgresClient

/// Reads operator families and, with what they are made of, operator classes.
func readOperatorClasses(_ context: ReadingContext) throws -> [FoundObject] {
    let members = Dictionary(grouping: try readMembers(context), by: \.owner)
    let families = try readFamilies(context, members)
    return try families + readClasses(context, members) + readFamilyAdditions(context, members)
}

/// An operator or support function in a family, on its own or as part of a class.
private struct Member {
    var owner: CatalogAddress
    var address: CatalogAddress
    /// The operator or function that it adds.
    var added: CatalogAddress
    var clause: String
}

/// The server records no dependency on what it made itself: without one, a member belongs to its family.
private func readMembers(_ context: ReadingContext) throws -> [Member] {
    let rows = try context.query(
        """
        SELECT coalesce(d.refclassid, 'pg_opfamily'::regclass::oid) AS refclassid,
          coalesce(d.refobjid, a.amopfamily) AS refobjid, 'pg_amop'::regclass::oid AS classid, a.oid, 'OPERATOR ' || a.amopstrategy || ' ' || a.amopopr::regoperator
          || CASE WHEN a.amopsortfamily <> 0 THEN
            ' FOR ORDER BY ' || quote_ident(fn.nspname) || '.' || quote_ident(f.opfname) ELSE '' END AS clause,
          1 AS sort, a.amopstrategy AS number, 'pg_operator'::regclass::oid AS added_catalog, a.amopopr AS added
        FROM pg_amop a
        LEFT JOIN pg_depend d ON d.classid = 'pg_amop'::regclass AND d.objid = a.oid
          AND d.refclassid IN ('pg_opclass'::regclass, 'pg_opfamily'::regclass) AND d.deptype IN ('i', 'a')
        LEFT JOIN pg_opfamily f ON f.oid = a.amopsortfamily
        LEFT JOIN pg_namespace fn ON fn.oid = f.opfnamespace
        WHERE (d.refobjid >= \(ReadingContext.firstUserOID) OR a.oid >= \(ReadingContext.firstUserOID))
          AND d.refobjid IS DISTINCT FROM a.amopsortfamily
        UNION ALL
        SELECT coalesce(d.refclassid, 'pg_opfamily'::regclass::oid), coalesce(d.refobjid, a.amprocfamily),
          'pg_amproc'::regclass::oid, a.oid, 'FUNCTION ' || a.amprocnum || ' ('
          || format_type(a.amproclefttype, NULL) || ', ' || format_type(a.amprocrighttype, NULL) || ') '
          || a.amproc::regprocedure, 2, a.amprocnum, 'pg_proc'::regclass::oid, a.amproc::oid
        FROM pg_amproc a
        LEFT JOIN pg_depend d ON d.classid = 'pg_amproc'::regclass AND d.objid = a.oid
          AND d.refclassid IN ('pg_opclass'::regclass, 'pg_opfamily'::regclass) AND d.deptype IN ('i', 'a')
        WHERE d.refobjid >= \(ReadingContext.firstUserOID) OR a.oid >= \(ReadingContext.firstUserOID)
        ORDER BY sort, number, clause
        """
    )
    return rows.map { row in
        Member(
            owner: CatalogAddress(row.oid("refclassid"), row.oid("refobjid")),
            address: CatalogAddress(row.oid("classid"), row.oid("oid")),
            added: CatalogAddress(row.oid("added_catalog"), row.oid("added")),
            clause: row.text("clause")
        )
    }
}

private func readFamilies(_ context: ReadingContext, _ members: [CatalogAddress: [Member]]) throws -> [FoundObject] {
    try context.query(
        """
        SELECT f.oid, f.opfname AS name, n.nspname, pg_get_userbyid(f.opfowner) AS owner, am.amname
        FROM pg_opfamily f
        JOIN pg_namespace n ON n.oid = f.opfnamespace
        JOIN pg_am am ON am.oid = f.opfmethod
        WHERE \(ReadingContext.userSchema)
        """
    ).map { row in
        let reference = quoted(row.text("nspname"), row.text("name")) + " USING " + quoted(row.text("amname"))
        var found = namedObject(
            .operatorFamily,
            in: SystemCatalog.operatorFamily,
            row,
            [.schema, .owner],
            signature: row.text("amname"),
            reference: reference,
            statements: ["CREATE OPERATOR FAMILY \(reference)"]
        )
        let loose = members[found.address] ?? []
        if !loose.isEmpty {
            let lines = loose.map { "    " + $0.clause }.joined(separator: ",\n")
            let statement = "ALTER OPERATOR FAMILY \(reference) ADD\n\(lines)"
            found.stages.append(FoundStage(.complete, .preData, [statement], sources: loose.map(\.address)))
        }
        return found
    }
}

/// What users added to families of the server or of an extension; those come by themselves, the additions do not.
private func readFamilyAdditions(
    _ context: ReadingContext,
    _ members: [CatalogAddress: [Member]]
) throws -> [FoundObject] {
    var additions: [CatalogAddress: [Member]] = [:]
    for (owner, list) in members where owner.catalog == SystemCatalog.operatorFamily {
        let isServers = owner.oid < ReadingContext.firstUserOID
        guard isServers || context.members[owner] != nil else { continue }
        // An extension adds its own operators to its families, or the server's: those come with it.
        let own = list.filter {
            context.members[$0.added] == nil && (isServers || $0.added.oid >= ReadingContext.firstUserOID)
        }
        if !own.isEmpty { additions[owner] = own }
    }
    if additions.isEmpty { return [] }
    let rows = try context.query(
        """
        SELECT f.oid, f.opfname, n.nspname, am.amname
        FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace JOIN pg_am am ON am.oid = f.opfmethod
        WHERE f.oid IN (\(additions.keys.map { "\($0.oid)" }.joined(separator: ", ")))
        """
    )
    return rows.map { row in
        let family = CatalogAddress(SystemCatalog.operatorFamily, row.oid("oid"))
        let own = additions[family] ?? []
        let reference = quoted(row.text("nspname"), row.text("opfname")) + " USING " + quoted(row.text("amname"))
        let statement =
            "ALTER OPERATOR FAMILY \(reference) ADD\n" + own.map { "    " + $0.clause }.joined(separator: ",\n")
        let identity = ObjectIdentity(
            .operatorFamily,
            schema: row.text("nspname"),
            name: row.text("opfname"),
            signature: row.text("amname")
        )
        var stage = FoundStage(.complete, .preData, [statement], sources: own.map(\.address))
        if let owner = context.members[family] { stage.needs = [(CatalogAddress(SystemCatalog.extension, owner), 0)] }
        // Its own place, so that it is not taken for the family itself.
        return FoundObject(
            CatalogObject(identity, reference: reference),
            at: CatalogAddress(0, row.oid("oid")),
            stages: [stage]
        )
    }
}

private func readClasses(_ context: ReadingContext, _ members: [CatalogAddress: [Member]]) throws -> [FoundObject] {
    try context.query(
        """
        SELECT c.oid, c.opcname AS name, n.nspname, pg_get_userbyid(c.opcowner) AS owner, am.amname, c.opcdefault,
          format_type(c.opcintype, NULL) AS type_text, f.opfname, fn.nspname AS family_schema,
          CASE WHEN c.opckeytype <> 0 THEN format_type(c.opckeytype, NULL) END AS storage
        FROM pg_opclass c
        JOIN pg_namespace n ON n.oid = c.opcnamespace
        JOIN pg_am am ON am.oid = c.opcmethod
        JOIN pg_opfamily f ON f.oid = c.opcfamily
        JOIN pg_namespace fn ON fn.oid = f.opfnamespace
        WHERE \(ReadingContext.userSchema)
        """
    ).map { row in
        let reference = quoted(row.text("nspname"), row.text("name")) + " USING " + quoted(row.text("amname"))
        let own = members[CatalogAddress(SystemCatalog.operatorClass, row.oid("oid"))] ?? []
        var items = own.map(\.clause)
        if let type = row["storage"] { items.insert("STORAGE \(type)", at: 0) }
        // The syntax wants one item at least; storing the type itself is what happens without any.
        if items.isEmpty { items = ["STORAGE \(row.text("type_text"))"] }
        let statement =
            "CREATE OPERATOR CLASS " + quoted(row.text("nspname"), row.text("name"))
            + (row.flag("opcdefault") ? " DEFAULT" : "") + "\n    FOR TYPE \(row.text("type_text"))"
            + " USING \(quoted(row.text("amname"))) FAMILY " + quoted(row.text("family_schema"), row.text("opfname"))
            + " AS\n" + items.map { "    " + $0 }.joined(separator: ",\n")
        var found = namedObject(
            .operatorClass,
            in: SystemCatalog.operatorClass,
            row,
            [.schema, .owner],
            signature: row.text("amname"),
            reference: reference,
            statements: [statement]
        )
        found.stages[0].sources += own.map(\.address)
        return found
    }
}
