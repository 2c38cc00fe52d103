import PostgresClient

/// Reads domains with their constraints; one that is not validated becomes an object of its own, made after the data.
func readDomains(_ context: ReadingContext) throws -> [FoundObject] {
    let constraints = Dictionary(grouping: try readDomainConstraints(context), by: \.domain)
    return try context.query(
        """
        SELECT t.oid, t.typarray, n.nspname, t.typname AS name, pg_get_userbyid(t.typowner) AS owner, t.typacl AS acl,
          acldefault('T', t.typowner) AS base, format_type(t.typbasetype, t.typtypmod) AS base_type,
          cn.nspname AS collation_schema, co.collname AS collation_name, t.typnotnull,
          coalesce(pg_get_expr(t.typdefaultbin, 'pg_type'::regclass), quote_literal(t.typdefault)) AS default_text
        FROM pg_type t
        JOIN pg_namespace n ON n.oid = t.typnamespace
        JOIN pg_type b ON b.oid = t.typbasetype
        LEFT JOIN pg_collation co ON co.oid = t.typcollation AND t.typcollation <> b.typcollation
        LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
        WHERE t.typtype = 'd' AND \(ReadingContext.userSchema)
        """
    ).flatMap { row -> [FoundObject] in
        let all = constraints[row.oid("oid")] ?? []
        let name = quoted(row.text("nspname"), row.text("name"))
        var head = "CREATE DOMAIN \(name) AS \(row.text("base_type"))" + collateClause(row)
        if let text = row["default_text"] { head += "\n    DEFAULT \(text)" }
        let named = all.filter(\.isNotNull)
        if row.flag("typnotnull"), named.isEmpty { head += "\n    NOT NULL" }
        for constraint in named { head += "\n    \(constraint.clause)" }
        let inline = all.filter { $0.isValidated && !$0.isNotNull }
        var found = typeObject(.domain, row, statements: [])
        found.stages[0].sources += named.map(\.address)
        found.parts = inline.map {
            InlinePart(purpose: .constraint, address: $0.address, separately: ["ALTER DOMAIN \(name) ADD \($0.clause)"])
        }
        found.compose = { isInline in
            let kept = zip(inline, isInline).filter(\.1).map { "\n    " + $0.0.clause }
            return [head + kept.joined()]
        }
        found.object.remarks = all.filter(\.isPartOfDomain).flatMap { $0.remarks(on: name) }
        let later = all.filter { !$0.isPartOfDomain }.map {
            $0.object(schema: row.text("nspname"), domain: row.text("name"))
        }
        return [found] + later
    }
}

private struct DomainConstraint {
    var domain: UInt32
    var address: CatalogAddress
    var name: String
    var definition: String
    var isValidated: Bool
    var isNotNull: Bool
    var comment: String?

    var isPartOfDomain: Bool { isNotNull || isValidated }
    var clause: String { "CONSTRAINT \(quoted(name)) \(definition)" }

    func remarks(on domain: String) -> [Remark] {
        guard let comment else { return [] }
        return [Remark(target: "CONSTRAINT \(quoted(name)) ON DOMAIN \(domain)", text: comment)]
    }

    func object(schema: String, domain: String) -> FoundObject {
        let identity = ObjectIdentity(.constraint, schema: schema, name: name, parent: domain)
        let reference = quoted(name) + " ON DOMAIN " + quoted(schema, domain)
        let statement = "ALTER DOMAIN \(quoted(schema, domain)) ADD \(clause)"
        var found = FoundObject(
            CatalogObject(identity, reference: reference),
            at: address,
            stages: [FoundStage(.create, .postData, [statement], sources: [address])]
        )
        found.belongsTo = CatalogAddress(SystemCatalog.type, self.domain)
        return found
    }
}

private func readDomainConstraints(_ context: ReadingContext) throws -> [DomainConstraint] {
    try context.query(
        """
        SELECT c.oid, c.contypid, c.conname, pg_get_constraintdef(c.oid) AS definition, c.convalidated, c.contype,
          d.description
        FROM pg_constraint c
        LEFT JOIN pg_description d
          ON d.classoid = 'pg_constraint'::regclass AND d.objoid = c.oid AND d.objsubid = 0
        WHERE c.contypid <> 0
        ORDER BY c.contypid, c.conname
        """
    ).map { row in
        DomainConstraint(
            domain: row.oid("contypid"),
            address: CatalogAddress(SystemCatalog.constraint, row.oid("oid")),
            name: row.text("conname"),
            definition: row.text("definition"),
            isValidated: row.flag("convalidated"),
            isNotNull: row.text("contype") == "n",
            comment: row["description"]
        )
    }
}
