import Diagnostics
import PostgresClient

/// Reads roles, their memberships, what they may do with parameters, and their settings; never a password.
func readRoles(_ context: ReadingContext) throws -> [FoundObject] {
    let memberships = try readMemberships(context)
    let parameters = try readParameterGrants(context)
    try noticeSettingsOfAll(context)
    let settings = try readRoleSettings(context)
    return try context.query(
        """
        SELECT r.oid, r.rolname, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolcanlogin,
          r.rolreplication, r.rolbypassrls, r.rolconnlimit, r.rolvaliduntil,
          shobj_description(r.oid, 'pg_authid') AS description
        FROM pg_roles r WHERE left(r.rolname, 3) <> 'pg_'
        """
    ).map { row in
        let name = row.text("rolname")
        let address = CatalogAddress(SystemCatalog.role, row.oid("oid"))
        var object = CatalogObject(ObjectIdentity(.role, name: name), reference: quoted(name))
        if let comment = row["description"] {
            object.remarks.append(Remark(target: "ROLE \(quoted(name))", text: comment))
        }
        var found = FoundObject(
            object,
            at: address,
            stages: [FoundStage(.create, .roles, [createIfMissing(name), attributes(row)])]
        )
        if let grants = memberships[row.oid("oid")] {
            var needs = [(address: address, stage: 0)]
            for grant in grants {
                needs.append((CatalogAddress(SystemCatalog.role, grant.group), 0))
                // Whoever granted must have been granted the right to do so before.
                guard let grantor = grant.grantor, grantor != row.oid("oid") else { continue }
                needs.append((CatalogAddress(SystemCatalog.role, grantor), memberships[grantor] == nil ? 0 : 1))
            }
            found.stages.append(FoundStage(.attach, .roles, grants.map(\.statement), needs: needs))
        }
        if let statements = parameters[name] {
            found.stages.append(FoundStage(.setting, .roles, statements, needs: [(address, 0)]))
        }
        if let settings = settings[row.oid("oid")] {
            // After everything else: a setting may name a schema or need an extension's library.
            found.stages.append(FoundStage(.setting, .privileges, settings, needs: [(address, 0)]))
        }
        return found
    }
}

/// A role of that name may exist in a cluster: the first superuser always does.
private func createIfMissing(_ name: String) -> String {
    let body = """
        BEGIN
          IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = \(literal(name))) THEN
            CREATE ROLE \(quoted(name));
          END IF;
        END
        """
    return doStatement(body)
}

/// A DO statement whose quotes the body cannot close.
func doStatement(_ body: String) -> String {
    var tag = "$do$"
    var number = 0
    while body.holdsBytes(of: tag) {
        number += 1
        tag = "$do\(number)$"
    }
    return "DO \(tag)\n\(body)\n\(tag)"
}

private func attributes(_ row: Row) -> String {
    var words = [
        ("rolsuper", "SUPERUSER"), ("rolinherit", "INHERIT"), ("rolcreaterole", "CREATEROLE"),
        ("rolcreatedb", "CREATEDB"),
        ("rolcanlogin", "LOGIN"), ("rolreplication", "REPLICATION"), ("rolbypassrls", "BYPASSRLS"),
    ].map { row.flag($0) ? $1 : "NO" + $1 }
    words.append("CONNECTION LIMIT \(row.number("rolconnlimit"))")
    if let until = row["rolvaliduntil"] { words.append("VALID UNTIL \(literal(until))") }
    return "ALTER ROLE \(quoted(row.text("rolname"))) WITH " + words.joined(separator: " ")
}

private struct Membership {
    var group: UInt32
    /// Nil when the first superuser granted it, as a restore does.
    var grantor: UInt32?
    var statement: String
}

/// Memberships by member; that of one of the server's own roles belongs to the role that it is a member of.
private func readMemberships(_ context: ReadingContext) throws -> [UInt32: [Membership]] {
    let options = context.major >= 16 ? "m.inherit_option, m.set_option" : "NULL AS inherit_option, NULL AS set_option"
    let rows = try context.query(
        """
        SELECT m.member, m.roleid, left(u.rolname, 3) = 'pg_' AS is_servers, m.admin_option, r.rolname,
          u.rolname AS member_name, u.rolinherit, g.oid AS grantor, g.rolname AS grantor_name, \(options)
        FROM pg_auth_members m
        JOIN pg_roles r ON r.oid = m.roleid
        JOIN pg_roles u ON u.oid = m.member
        LEFT JOIN pg_roles g ON g.oid = m.grantor AND g.oid <> 10
        WHERE left(u.rolname, 3) <> 'pg_' OR left(r.rolname, 3) <> 'pg_'
        ORDER BY r.rolname COLLATE "C", u.rolname COLLATE "C", g.rolname COLLATE "C"
        """
    )
    var memberships: [UInt32: [Membership]] = [:]
    for row in rows {
        memberships[row.oid(row.flag("is_servers") ? "roleid" : "member"), default: []].append(
            Membership(
                group: row.oid("roleid"),
                grantor: row["grantor"].flatMap { UInt32($0) },
                statement: membershipStatement(row, context.major)
            )
        )
    }
    return memberships
}

private func membershipStatement(_ row: Row, _ major: Int) -> String {
    var options: [String] = []
    if row.flag("admin_option") { options.append(major >= 16 ? "ADMIN TRUE" : "ADMIN OPTION") }
    // What the member's own attribute gives need not be said, and before 16 it could not be.
    if let inherit = row["inherit_option"], inherit != row["rolinherit"] {
        options.append("INHERIT \(inherit == "t" ? "TRUE" : "FALSE")")
    }
    if let set = row["set_option"], set != "t" { options.append("SET FALSE") }
    var statement = "GRANT \(quoted(row.text("rolname"))) TO \(quoted(row.text("member_name")))"
    if !options.isEmpty { statement += " WITH " + options.joined(separator: ", ") }
    guard let grantor = row["grantor_name"] else { return statement }
    // From 16 on a grantor must still have the right to grant, and only a superuser may speak for another role: without
    // either the membership itself matters more than who gave it.
    return doStatement(
        """
        BEGIN
          EXECUTE \(literal(statement + " GRANTED BY " + quoted(grantor)));
        EXCEPTION WHEN insufficient_privilege OR invalid_grant_operation OR feature_not_supported THEN
          EXECUTE \(literal(statement));
        END
        """
    )
}

/// Settings of roles, for every database and for this one.
private func readRoleSettings(_ context: ReadingContext) throws -> [UInt32: [String]] {
    let rows = try context.query(
        """
        SELECT s.setrole, r.rolname, s.setdatabase <> 0 AS is_here, s.setconfig
        FROM pg_db_role_setting s
        JOIN pg_roles r ON r.oid = s.setrole
        LEFT JOIN pg_database d ON d.oid = s.setdatabase
        WHERE left(r.rolname, 3) <> 'pg_' AND (s.setdatabase = 0 OR d.datname = current_database())
        ORDER BY s.setdatabase
        """
    )
    var settings: [UInt32: [String]] = [:]
    for row in rows {
        let target = "ALTER ROLE \(quoted(row.text("rolname")))"
        settings[row.oid("setrole"), default: []] += Setting.list(row.text("setconfig")).map {
            row.flag("is_here")
                ? inThisDatabase(target + " IN DATABASE", "SET \($0.clause)") : "\(target) SET \($0.clause)"
        }
    }
    return settings
}

/// A statement about the database that it runs in, whatever its name there.
func inThisDatabase(_ before: String, _ after: String) -> String {
    let pattern = before.replacingEach("%", with: "%%") + " %I " + after.replacingEach("%", with: "%%")
    return doStatement("BEGIN\n  EXECUTE pg_catalog.format(\(literal(pattern)), pg_catalog.current_database());\nEND")
}
