import Diagnostics
import PostgresClient

/// Reads subscriptions.
///
/// They come back disabled and without a password, so that a copy never starts to pull from, or to confirm to, the
/// publisher of the original.
func readSubscriptions(_ context: ReadingContext) throws -> [FoundObject] {
    let mayRead =
        try context.query(
            "SELECT has_column_privilege('pg_subscription', 'subconninfo', 'SELECT') AS may_read"
        ).first?.flag("may_read") ?? false
    return try context.query(
        """
        SELECT s.oid, s.subname AS name, pg_get_userbyid(s.subowner) AS owner, s.subslotname, s.subsynccommit, s.subbinary,
          s.subpublications, \(mayRead ? "s.subconninfo" : "NULL") AS connection, \(optionColumns(context.major))
        FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
        WHERE d.datname = current_database()
        """
    ).map { row in
        let name = quoted(row.text("name"))
        let connection = row["connection"].map(withoutPassword)
        let publications = arrayElements(row.text("subpublications")).compactMap { $0.map(quoted) }
        let statement =
            "CREATE SUBSCRIPTION \(name)\n    CONNECTION \(literal(connection ?? ""))\n    PUBLICATION "
            + publications.joined(separator: ", ") + "\n    WITH (" + options(row).joined(separator: ", ") + ")"
        let found = namedObject(
            .subscription,
            in: SystemCatalog.subscription,
            row,
            [.owner],
            section: .last,
            statements: [statement]
        )
        let identity = found.object.identity
        context.notices.append(
            connection == nil
                ? "the connection of '\(identity)' may not be read and was left out"
                : "'\(identity)' is restored disabled and without a password"
        )
        return found
    }
}

private func optionColumns(_ major: Int) -> String {
    [
        ("s.substream::text", 14, "streaming"), ("s.subtwophasestate", 15, "two_phase"),
        ("s.subdisableonerr", 15, "disable_on_error"), ("s.subpasswordrequired", 16, "password_required"),
        ("s.subrunasowner", 16, "run_as_owner"), ("s.suborigin", 16, "origin"), ("s.subfailover", 17, "failover"),
    ].map { column, since, name in "\(major >= since ? column : "NULL") AS \(name)" }.joined(separator: ", ")
}

private func options(_ row: Row) -> [String] {
    var options = ["connect = false"]
    options.append("slot_name = " + (row["subslotname"].map(literal) ?? "NONE"))
    if row.flag("subbinary") { options.append("binary = true") }
    switch row["streaming"] {
    case "t", "true": options.append("streaming = on")
    case "p": options.append("streaming = parallel")
    case "f", "false": options.append("streaming = off")
    default: break
    }
    if let state = row["two_phase"], state != "d" { options.append("two_phase = on") }
    if row.flag("disable_on_error") { options.append("disable_on_error = true") }
    if row["password_required"] == "f" { options.append("password_required = false") }
    if row.flag("run_as_owner") { options.append("run_as_owner = true") }
    if let origin = row["origin"], origin != "any" { options.append("origin = \(literal(origin))") }
    if row.flag("failover") { options.append("failover = true") }
    if row.text("subsynccommit") != "off" {
        options.append("synchronous_commit = \(literal(row.text("subsynccommit")))")
    }
    return options
}

/// A connection string less its password, in both of its forms.
private func withoutPassword(_ text: String) -> String {
    redacted(text).replacing(/(^|\s)(ssl)?password\s*=\s*\*\*\*/, with: "").replacing(":***@", with: "@")
}
