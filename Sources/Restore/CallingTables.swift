import Catalog
import Model
import PostgresClient
import Repository

/// Tables whose rows call functions of the database while they are loaded (see `LateTables`), as the target knows them.
struct CallingTables {
    /// A stored generated column that such a function works out; name and expression as SQL.
    struct Column {
        var name: String
        var reference: String
        var expression: String
    }

    private var columns: [ObjectIdentity: [Column]] = [:]

    /// Asks the target, whose tables were made.
    init(_ connection: Connection) throws {
        for row in try connection.query(LateTables.sql) {
            let table = ObjectIdentity(.table, schema: row[0] ?? "", name: row[1] ?? "")
            columns[table, default: []] += []
            guard let name = row[2], let text = row[3], let type = row[4] else { continue }
            // The server does not say that the value becomes one of the column's own type.
            let expression = "CAST((\(text)) AS \(type))"
            let reference = try connection.quoteIdentifier(name)
            columns[table, default: []].append(Column(name: name, reference: reference, expression: expression))
        }
    }

    /// Whether loading the table's rows calls functions.
    func contains(_ table: ObjectIdentity) -> Bool { columns[table] != nil }

    /// Its generated columns that functions work out.
    func generated(in table: ObjectIdentity) -> [Column] { columns[table] ?? [] }

    /// What to know of the generated columns of `tables`: their values are not in the point.
    func notices(of tables: [TableData]) -> [Omission] {
        tables.filter { $0.proof.rows > 0 }.map(\.identity).sorted().flatMap { table in
            generated(in: table).map { column in
                Omission(
                    object: "generated column \(column.name) of \(table)",
                    reason: "its values are not in the point: here they are what its function says of the rows"
                )
            }
        }
    }
}
