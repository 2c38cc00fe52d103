import Model
import PostgresClient

/// Gives a large object to its owner, with its privileges, as far as the options want that.
struct LargeObjectBequest {
    let connection: Connection
    let options: RestoreOptions

    func make(_ object: LargeObjectFacts) throws {
        let name = "LARGE OBJECT \(object.oid)"
        if options.appliesOwners {
            try connection.execute("ALTER \(name) OWNER TO \(try connection.quoteIdentifier(object.owner))")
        }
        guard options.appliesPrivileges, let privileges = object.privileges else { return }
        // An owner may have taken rights from itself; where it stays ours, what the old owner had says nothing.
        if options.appliesOwners {
            try connection.execute("REVOKE ALL ON \(name) FROM \(try connection.quoteIdentifier(object.owner))")
        }
        let grants = try connection.query(
            """
            SELECT coalesce(r.rolname, ''), a.privilege_type, a.is_grantable
            FROM pg_catalog.aclexplode($1::pg_catalog.aclitem[]) AS a
            LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee WHERE $3 OR r.rolname IS DISTINCT FROM $2
            """,
            [privileges, object.owner, String(options.appliesOwners)]
        )
        for grant in grants {
            let grantee = grant[0] ?? ""
            let name = grantee.isEmpty ? "PUBLIC" : try connection.quoteIdentifier(grantee)
            let option = grant[2] == "t" ? " WITH GRANT OPTION" : ""
            try connection.execute("GRANT \(grant[1] ?? "") ON LARGE OBJECT \(object.oid) TO \(name)\(option)")
        }
    }
}
