import Diagnostics
import PostgresClient

/// Finds out which object made a catalog unreadable: the bulk queries name none.
///
/// Asked after a failure, when the transaction is lost anyway: rolls it back and tells objects one by one.
struct ReadingProblem {
    private let connection: Connection

    init(_ connection: Connection) { self.connection = connection }

    /// The failure with the object and the remedy; `error` as it is when nothing more is known.
    func explained(_ error: PostgresError) -> Diagnostic {
        connection.rollBack()
        var problem = error.diagnostic(while: "could not read the catalog")
        if problem.code == .databasePermission {
            problem.hint = Self.grantHint(error.message)
            return problem
        }
        // character_not_in_repertoire: said by the server, or by the client of what an SQL_ASCII server sends unchecked.
        if error.sqlState == "22021", let name = try? unreadableName() {
            return Diagnostic(
                .unsupportedObject,
                "could not read '\(name)': it is not UTF-8",
                cause: error.message,
                hint:
                    "Rename it, or rewrite its definition or comment, in UTF-8; SQL_ASCII does not say what bytes mean."
            )
        }
        guard !error.isConnectionLost, !error.isCancelled, let broken = try? brokenObject() else { return problem }
        return Diagnostic(
            .unsupportedObject,
            "could not read the definition of \(broken.name)",
            cause: broken.cause,
            hint: "Repair it or drop it on the source: what it is made of is not in the server's catalogs any more."
        )
    }

    private static func grantHint(_ message: String) -> String {
        guard let name = message.firstMatch(of: /(?:table|view|relation) ([a-z_]+)/)?.1 else {
            return "Connect as a role that may read the system catalogs."
        }
        return "GRANT SELECT ON pg_catalog.\(name) to the role that backs up, or connect as another one."
    }

    /// What the server tells of each object, with the query that lists them.
    private static let probes: [(tell: String, list: String)] = [
        ("pg_catalog.pg_get_viewdef(%)", "SELECT oid, 1259 FROM pg_catalog.pg_class WHERE relkind IN ('v', 'm')"),
        ("pg_catalog.pg_get_indexdef(%)", "SELECT indexrelid, 1259 FROM pg_catalog.pg_index"),
        ("pg_catalog.pg_get_constraintdef(%)", "SELECT oid, 2606 FROM pg_catalog.pg_constraint"),
        ("pg_catalog.pg_get_triggerdef(%)", "SELECT oid, 2620 FROM pg_catalog.pg_trigger"),
        ("pg_catalog.pg_get_ruledef(%)", "SELECT oid, 2618 FROM pg_catalog.pg_rewrite"),
        (
            "pg_catalog.pg_get_functiondef(%)",
            "SELECT oid, 1255 FROM pg_catalog.pg_proc WHERE prokind <> 'a'"
        ),
        (
            "(SELECT pg_catalog.pg_get_expr(adbin, adrelid) FROM pg_catalog.pg_attrdef WHERE oid = %)",
            "SELECT oid, 2604 FROM pg_catalog.pg_attrdef"
        ),
    ]

    private func brokenObject() throws -> (name: String, cause: String)? {
        for probe in Self.probes {
            let objects = try connection.query(probe.list)
            for object in objects where (object[0].flatMap { Int($0) } ?? 0) >= ReadingContext.firstUserOID {
                let oid = object[0] ?? "0"
                do {
                    _ = try connection.query("SELECT " + probe.tell.replacingEach("%", with: "\(oid)::pg_catalog.oid"))
                } catch let error as PostgresError where !error.isConnectionLost && !error.isCancelled {
                    return (try name(oid, in: object[1] ?? "0"), error.message)
                }
            }
        }
        return nil
    }

    /// The first name that is not UTF-8, with its unknown bytes in octal digits.
    private func unreadableName() throws -> String {
        let names = try connection.query(
            """
            SELECT pg_catalog.encode(pg_catalog.convert_to(name::text, 'SQL_ASCII'), 'escape') FROM (
                SELECT relname FROM pg_catalog.pg_class UNION ALL SELECT attname FROM pg_catalog.pg_attribute
                UNION ALL SELECT proname FROM pg_catalog.pg_proc UNION ALL SELECT typname FROM pg_catalog.pg_type
                UNION ALL SELECT nspname FROM pg_catalog.pg_namespace UNION ALL SELECT rolname FROM pg_catalog.pg_roles
            ) AS n(name)
            """
        )
        return names.lazy.compactMap { $0[0] }.first { !Self.isUnicode(escaped: $0) } ?? "a definition or a comment"
    }

    /// Whether text in PostgreSQL's format `escape` (`\351` for a byte, `\\` for a backslash) is UTF-8.
    private static func isUnicode(escaped text: String) -> Bool {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(3)
            if let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8), digits.count == 3 {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else if let literal = rest.popFirst() {
                bytes.append(literal)
            }
        }
        return String(validating: bytes, as: UTF8.self) != nil
    }

    private func name(_ oid: String, in catalog: String) throws -> String {
        let rows = try connection.query(
            "SELECT type, identity FROM pg_catalog.pg_identify_object(\(catalog)::oid, \(oid)::oid, 0)"
        )
        return "\(rows.first?[0] ?? "an object") \(rows.first?[1] ?? oid)"
    }
}
