import Model
import PostgresClient

/// A question that the plan's owner puts to every restored copy; the answer must be true.
package struct Assertion: Sendable, Hashable {
    package let name: String
    /// A query that returns one row with one boolean.
    package let sql: String

    /// Creates an assertion.
    package init(name: String, sql: String) {
        self.name = name
        self.sql = sql
    }

    /// Asks it inside a read-only transaction that is rolled back.
    func ask(_ connection: Connection) -> AssertionAnswer {
        do {
            try connection.execute("BEGIN READ ONLY")
            defer { connection.rollBack() }
            let rows = try connection.query(sql)
            guard rows.count == 1, rows.columns.count == 1 else {
                return .unknown("it returned \(rows.count) rows with \(rows.columns.count) columns, not one boolean")
            }
            switch rows[0, 0] {
            case "t": return .holds
            case "f": return .fails("it returned false")
            case let other: return .unknown("it returned \(other ?? "null"), not a boolean")
            }
        } catch let error as PostgresError {
            return .unknown(error.message)
        } catch {
            return .unknown("\(error)")
        }
    }
}

/// What a copy answered.
enum AssertionAnswer: Hashable {
    case holds
    case fails(String)
    /// The question could not be answered, which is not a pass.
    case unknown(String)
}
