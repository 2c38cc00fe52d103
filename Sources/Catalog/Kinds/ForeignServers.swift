import PostgresClient

/// Reads foreign-data wrappers, servers and user mappings; foreign tables are read with the tables.
func readForeignServers(_ context: ReadingContext) throws -> [FoundObject] {
    try readWrappers(context) + readServers(context) + readUserMappings(context)
}

private func readWrappers(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT w.oid, w.fdwname AS name, pg_get_userbyid(w.fdwowner) AS owner, w.fdwacl AS acl,
          acldefault('F', w.fdwowner) AS base, w.fdwhandler::regproc AS handler, w.fdwvalidator::regproc AS validator,
          w.fdwoptions
        FROM pg_foreign_data_wrapper w
        """
    ).map { row in
        var statement = "CREATE FOREIGN DATA WRAPPER \(quoted(row.text("name")))"
        if row.text("handler") != "-" { statement += "\n    HANDLER \(row.text("handler"))" }
        if row.text("validator") != "-" { statement += "\n    VALIDATOR \(row.text("validator"))" }
        return namedObject(
            .foreignDataWrapper,
            in: SystemCatalog.foreignDataWrapper,
            row,
            [.owner, .privileges],
            statements: [statement + foreignOptions(row["fdwoptions"])]
        )
    }
}

private func readServers(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT s.oid, s.srvname AS name, pg_get_userbyid(s.srvowner) AS owner, s.srvacl AS acl,
          acldefault('S', s.srvowner) AS base, s.srvtype, s.srvversion, w.fdwname, s.srvoptions
        FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
        """
    ).map { row in
        var statement = "CREATE SERVER \(quoted(row.text("name")))"
        if let type = row["srvtype"] { statement += " TYPE \(literal(type))" }
        if let version = row["srvversion"] { statement += " VERSION \(literal(version))" }
        statement += "\n    FOREIGN DATA WRAPPER \(quoted(row.text("fdwname")))" + foreignOptions(row["srvoptions"])
        return namedObject(
            .server,
            in: SystemCatalog.foreignServer,
            row,
            [.owner, .privileges],
            statements: [statement]
        )
    }
}

/// Mappings whose options the reader may not see are carried without them, with a notice.
private func readUserMappings(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT u.umid AS oid, u.usename AS name, u.umuser, u.srvid, u.srvname, u.umoptions,
          pg_has_role(s.srvowner, 'USAGE') OR u.usename = current_user AS is_visible
        FROM pg_user_mappings u JOIN pg_foreign_server s ON s.oid = u.srvid
        """
    ).map { row in
        let user = row.oid("umuser") == 0 ? "PUBLIC" : quoted(row.text("name"))
        let reference = "FOR \(user) SERVER \(quoted(row.text("srvname")))"
        let server = CatalogAddress(SystemCatalog.foreignServer, row.oid("srvid"))
        var found = namedObject(
            .userMapping,
            in: SystemCatalog.userMapping,
            row,
            [],
            signature: row.text("srvname"),
            reference: reference,
            statements: ["CREATE USER MAPPING \(reference)" + foreignOptions(row["umoptions"])]
        )
        found.belongsTo = server
        found.stages[0].needs.append((server, 0))
        if !row.flag("is_visible") {
            context.notices.append("the options of '\(found.object.identity)' may not be read and were left out")
        }
        return found
    }
}
