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

    /// Whether a sequence belongs to the selection.
    ///
    /// Those of single tables come along with their tables' definitions;
    /// setting one that is not there is prevented by the definitions that were restored.
    func includes(_ sequence: SequenceState) -> Bool {
        switch self {
        case .everything: true
        case .schemas(let names): names.contains(Spelling(sequence.schema))
        case .tables: false
        }
    }
}
