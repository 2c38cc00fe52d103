import PostgresClient

/// What roles may do with configuration parameters (from 15 on), as statements by the role's name.
///
/// What PUBLIC may belongs to no role: it is said and left out.
func readParameterGrants(_ context: ReadingContext) throws -> [String: [String]] {
    guard context.major >= 15 else { return [:] }
    let rows = try context.query(
        """
        SELECT p.parname, p.paracl AS acl, acldefault('p', 10) AS base, pg_get_userbyid(10) AS owner
        FROM pg_parameter_acl p ORDER BY p.parname COLLATE "C"
        """
    )
    var statements: [String: [String]] = [:]
    for row in rows {
        guard let privileges = row.privileges("acl", initial: "base") else { continue }
        let parameter = row.text("parname")
        for grant in Privileges.missing(from: privileges.grants, in: privileges.initial) {
            guard let role = grant.grantee else {
                context.notices.append("what everybody may do with the parameter \(parameter) was left out")
                continue
            }
            // Whoever granted it: the right matters more, and a grantor would have to come before.
            let right = Privileges(grants: [grant])
            statements[role, default: []] += right.statements(on: "PARAMETER " + parameterName(parameter), owner: nil)
        }
    }
    return statements
}

/// Says which settings hold for every role in every database: they belong to the server and to whoever runs it.
func noticeSettingsOfAll(_ context: ReadingContext) throws {
    let rows = try context.query("SELECT setconfig FROM pg_db_role_setting WHERE setrole = 0 AND setdatabase = 0")
    let names = rows.flatMap { Setting.list($0.text("setconfig")) }.map(\.name).sorted()
    if names.isEmpty { return }
    context.notices.append(
        "what ALTER ROLE ALL sets for the whole server was left out: " + names.joined(separator: ", ")
    )
}

/// A parameter's name as SQL: each part in quotes.
func parameterName(_ name: String) -> String {
    name.split(separator: ".", omittingEmptySubsequences: false).map { quoted(String($0)) }.joined(separator: ".")
}
