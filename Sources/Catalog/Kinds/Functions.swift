import Diagnostics
import PostgresClient

/// Reads functions, window functions and procedures of every language.
func readFunctions(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT p.oid, n.nspname, p.proname, p.prokind, pg_get_userbyid(p.proowner) AS owner, p.proacl AS acl,
          acldefault('f', p.proowner) AS base, pg_get_functiondef(p.oid) AS definition,
          CASE p.prokind WHEN 'p' THEN pg_get_function_identity_arguments(p.oid)
            ELSE oidvectortypes(p.proargtypes) END AS arguments
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prokind <> 'a' AND \(ReadingContext.userSchema)
          AND NOT EXISTS (SELECT FROM pg_depend d
            WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i'))
        """
    ).map { row in
        let kind: ObjectKind = row.text("prokind") == "p" ? .procedure : .function
        let arguments = row.text("arguments")
        let identity = ObjectIdentity(
            kind,
            schema: row.text("nspname"),
            name: row.text("proname"),
            signature: arguments
        )
        let address = CatalogAddress(SystemCatalog.procedure, row.oid("oid"))
        var object = CatalogObject(
            identity,
            reference: quoted(row.text("nspname"), row.text("proname")) + "(\(arguments))",
            owner: row.text("owner")
        )
        object.privileges = row.privileges("acl", initial: "base")
        // The server words it from what is committed now, not from what the snapshot sees.
        guard var definition = row["definition"] else {
            throw Diagnostic(
                .databaseChangedDuringExport,
                "function '\(row.text("nspname")).\(row.text("proname"))' was dropped while definitions were read",
                hint: "Start the backup again when the migration has ended.",
                retry: .later
            )
        }
        while definition.hasSuffix("\n") { definition.removeLast() }
        return FoundObject(
            object,
            at: address,
            stages: [FoundStage(.create, .preData, [definition], sources: [address])]
        )
    }
}
