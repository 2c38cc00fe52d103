package import Model

/// Which part of a point to restore.
package enum RestoreSelection: Sendable, Hashable {
    case everything
    case schemas(Set<Spelling>)
    case tables(Set<TableName>)

    /// Whether rows of `table` belong to the selection.
    package func includes(_ table: TableData) -> Bool {
        switch self {
        case .everything: true
        case .schemas(let names): names.contains(Spelling(table.schema))
        case .tables(let names): names.contains(table.fullName)
        }
    }

    /// Whether nothing is left out.
    package var isEverything: Bool { self == .everything }
}
