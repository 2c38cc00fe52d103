import PostgresClient

/// Reads row security policies.
func readPolicies(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT p.oid, p.polname, p.polrelid, n.nspname, c.relname, p.polcmd, p.polpermissive,
          CASE WHEN p.polroles <> '{0}' THEN
            ARRAY(SELECT pg_get_userbyid(r)::text FROM unnest(p.polroles) r ORDER BY 1) END AS roles,
          pg_get_expr(p.polqual, p.polrelid) AS qual, pg_get_expr(p.polwithcheck, p.polrelid) AS with_check
        FROM pg_policy p
        JOIN pg_class c ON c.oid = p.polrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE \(ReadingContext.userSchema)
        """
    ).map { row in
        let table = quoted(row.text("nspname"), row.text("relname"))
        let name = row.text("polname")
        let address = CatalogAddress(SystemCatalog.policy, row.oid("oid"))
        let own = CatalogAddress(SystemCatalog.relation, row.oid("polrelid"))
        var statement = "CREATE POLICY \(quoted(name)) ON \(table)"
        if !row.flag("polpermissive") { statement += "\n    AS RESTRICTIVE" }
        let commands = ["r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"]
        if let command = commands[row.text("polcmd")] { statement += "\n    FOR \(command)" }
        if let roles = row["roles"] {
            statement += "\n    TO " + arrayElements(roles).compactMap { $0.map(quoted) }.joined(separator: ", ")
        }
        if let text = row["qual"] { statement += "\n    USING (\(text))" }
        if let text = row["with_check"] { statement += "\n    WITH CHECK (\(text))" }
        let identity = ObjectIdentity(.policy, schema: row.text("nspname"), name: name, parent: row.text("relname"))
        var found = FoundObject(
            CatalogObject(identity, reference: quoted(name) + " ON " + table),
            at: address,
            stages: [FoundStage(.create, .postData, [statement], sources: [address], needs: [(own, 0)])]
        )
        found.belongsTo = own
        return found
    }
}
