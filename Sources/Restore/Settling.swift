import Catalog
import Diagnostics
import Model
import PostgresClient

/// Looks after tables that call functions while they are loaded, when all of them have had their turn.
///
/// They may look into each other, and nothing tells in which order: one that was refused, or whose generated values are not
/// what its functions say now, is loaded again until that helps no more. A wrong value would be silent otherwise.
struct Settling {
    let connection: Connection
    let loader: TableLoader
    let calling: CallingTables

    /// What is wrong with a table.
    private enum Flaw: Equatable {
        /// It is empty, because its rows were refused.
        case refused(String)
        /// Its columns that hold other values, each with what is wrong.
        case differing([String: String])
    }

    /// Settles `tables`; those that `refused` names have no rows yet.
    func run(_ tables: [TableData], refused: [ObjectIdentity: String]) throws -> BuiltParts {
        // What is looked up is often smaller than what looks it up.
        let tables = tables.filter { $0.proof.rows > 0 }.sorted { $0.textBytes < $1.textBytes }
        var flaws: [ObjectIdentity: Flaw] = [:]
        for table in tables { flaws[table.identity] = refused[table.identity].map { .refused($0) } }
        try compare(tables, &flaws)
        var rounds = tables.count > 1 ? tables.count : 0
        while rounds > 0, !flaws.isEmpty {
            let before = Set(flaws.keys)
            for table in tables { try loadAgain(table, &flaws) }
            try compare(tables, &flaws)
            rounds = before == Set(flaws.keys) ? 0 : rounds - 1
        }
        var parts = BuiltParts(settled: Set(tables.map(\.identity)))
        for (table, flaw) in flaws {
            switch flaw {
            case .refused(let reason): parts.unloaded[table] = reason
            case .differing(let columns): parts.differing[table] = columns
            }
        }
        return parts
    }

    private func loadAgain(_ table: TableData, _ flaws: inout [ObjectIdentity: Flaw]) throws {
        switch flaws[table.identity] {
        case .refused:
            let reason = try loader.loadIfTaken([table], areEmpty: false).unloaded[table.identity]
            flaws[table.identity] = reason.map { .refused($0) }
        case .differing where loader.mayEmpty(table): _ = try loader.loadIfTaken([table], areEmpty: false)
        default: break
        }
    }

    /// Holds generated values against what their functions say of the rows that are there.
    private func compare(_ tables: [TableData], _ flaws: inout [ObjectIdentity: Flaw]) throws {
        for table in tables {
            if case .refused = flaws[table.identity] { continue }
            let differing = try differences(in: table)
            flaws[table.identity] = differing.isEmpty ? nil : .differing(differing)
        }
    }

    /// As text: not every type can be compared.
    private func differences(in table: TableData) throws -> [String: String] {
        let columns = calling.generated(in: table.identity)
        guard !columns.isEmpty else { return [:] }
        let relation = try connection.quoteIdentifier(table.schema) + "." + connection.quoteIdentifier(table.name)
        let counts = columns.map { column in
            "count(*) FILTER (WHERE format('%L', \(column.reference)) <> format('%L', \(column.expression)))"
        }
        do {
            let found = try connection.query("SELECT \(counts.joined(separator: ", ")) FROM ONLY \(relation)")
            var differing: [String: String] = [:]
            for (place, column) in columns.enumerated() where found[0, place] != "0" {
                differing[column.name] = "\(found[0, place] ?? "") rows have not what its function says of them now"
            }
            return differing
        } catch let error as PostgresError {
            let failure = error.ofStatement(while: "cannot compare the generated columns of '\(table.fullName)'")
            guard SchemaBuilder.isObjectsOwn(failure) else { throw failure }
            let reason = "they could not be compared: \(error.message.onOneLine)"
            return Dictionary(columns.map { ($0.name, reason) }, uniquingKeysWith: { first, _ in first })
        }
    }
}
