import Diagnostics
import PostgresClient

/// What every kind's reader needs: the connection under its snapshot, the server's version, and what belongs to an
/// extension.
///
/// Used by one thread; reads only.
final class ReadingContext {
    let connection: Connection
    let major: Int
    /// Which extension owns a row, by the extension's OID.
    private(set) var members: [CatalogAddress: UInt32] = [:]
    /// Sentences about what was found and left behind on purpose.
    var notices: [String] = []
    /// Rows that a reader has seen and that need no object of their own.
    var ignored: Set<CatalogAddress> = []

    /// Tables and sequences, whose automatic dependencies (on a parent, on an owning column) come in a later stage.
    var ownedLater: Set<CatalogAddress> = []

    /// What is asked in a second session at the same time.
    private let ahead: QueryAhead?

    init(_ connection: Connection, ahead: QueryAhead? = nil) throws {
        self.connection = connection
        self.ahead = ahead
        major = connection.serverVersion.major
        for row in try query("SELECT classid, objid, refobjid FROM pg_depend WHERE deptype = 'e'") {
            members[CatalogAddress(row.oid("classid"), row.oid("objid"))] = row.oid("refobjid")
        }
    }

    /// Whether an automatic dependency of this relation on another one is left to a later stage.
    func isOwnedLater(_ address: CatalogAddress) -> Bool { ownedLater.contains(address) }

    /// Runs one of the catalog's own queries.
    func query(_ sql: String) throws -> Rows {
        if let rows = ahead?.rows(of: sql) { return rows }
        do {
            return try connection.query(sql)
        } catch let error as PostgresError {
            throw CatalogQueryFailure(error: error)
        }
    }

    /// Runs one of them of which every value is a number.
    func numbers(_ sql: String) throws -> NumberRows {
        if let numbers = ahead?.numbers(of: sql) { return numbers }
        return NumberRows(try query(sql))
    }

    /// What one of the server's functions of an OID says about each of `oids`.
    func texts(_ function: String, of oids: [UInt32]) throws -> [UInt32: String] {
        if oids.isEmpty { return [:] }
        let list = oids.map(String.init).joined(separator: ",")
        let rows = try query("SELECT o.oid, \(function)(o.oid) FROM unnest('{\(list)}'::oid[]) AS o(oid)")
        return Dictionary(rows.map { ($0.oid(0), $0[1] ?? "") }, uniquingKeysWith: { first, _ in first })
    }

    /// The condition that a schema, with the alias `n`, is not the server's own.
    static let userSchema = "left(n.nspname, 3) <> 'pg_' AND n.nspname <> 'information_schema'"
    /// The first OID that the server gives to what users create.
    static let firstUserOID = 16384
}

/// What a server answered to one of the catalog's own queries.
struct CatalogQueryFailure: Error {
    let error: PostgresError
}

extension Row {
    /// A value that is never NULL by the catalog's definition.
    func text(_ column: String) -> String { self[column] ?? "" }

    /// A boolean.
    func flag(_ column: String) -> Bool { self[column] == "t" }

    /// An OID; 0 for NULL.
    func oid(_ column: String) -> UInt32 { unsigned(column) ?? 0 }

    /// An OID; 0 for NULL.
    func oid(_ column: Int) -> UInt32 { unsigned(column) ?? 0 }

    /// A boolean.
    func flag(_ column: Int) -> Bool { self[column] == "t" }

    /// A number; 0 for NULL.
    func number(_ column: String) -> Int { self[column].flatMap { Int($0) } ?? 0 }

    /// The grants of a privilege array beside what a fresh object has; nil when the array is NULL.
    func privileges(_ column: String, initial: String) -> Privileges? {
        guard let actual = self[column] else { return nil }
        return Privileges(initial: Grant.list(text(initial)), grants: Grant.list(actual)).ifChanged
    }
}

/// Options as `pg_class.reloptions` and its like hold them, `key=value`, written as `"key"='value'`.
func optionList(_ array: String?, prefix: String = "") -> [String] {
    guard let array else { return [] }
    return arrayElements(array).compactMap { element in
        element?.cut(atFirst: "=").map { prefix + quoted($0.before) + "=" + literal($0.after) }
    }
}

/// Options of foreign data objects, `key=value`, written as `"key" 'value'`, one a line or all in one.
func foreignOptions(_ array: String?, inOneLine: Bool = false) -> String {
    guard let array else { return "" }
    let list = arrayElements(array).compactMap { element in
        element?.cut(atFirst: "=").map { quoted($0.before) + " " + literal($0.after) }
    }
    if list.isEmpty { return "" }
    return inOneLine
        ? " OPTIONS (" + list.joined(separator: ", ") + ")"
        : " OPTIONS (\n" + list.map { "    " + $0 }.joined(separator: ",\n") + "\n)"
}
