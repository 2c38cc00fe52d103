package import Catalog
package import Model

/// What a restore did.
package struct RestoreOutcome: Sendable {
    package var tables = 0
    package var rows: Int64 = 0
    package var textBytes: Int64 = 0
    /// Definitions that were carried out.
    package var statements = 0
    /// What was left out or could not be applied, each with its reason.
    package var notApplied: [Omission]
    /// What the target's server has otherwise than the source's; neither a row nor a definition depends on it.
    package var deviations: [Omission] = []
    /// Generated columns that functions of the database work out: what they hold is not in the point.
    package var derived: [Omission] = []
    /// On a scratch cluster: materialized views that are there without rows, because these come from other servers.
    package var unfilled: Set<ObjectIdentity> = []
    /// What the target refused when the rows were there; `notApplied` says so in words.
    package var refused = RefusedParts()
    /// What was taken from another repository than the point's own, and why.
    package var notices: [String] = []
    /// Of the point's own repository (0) and the copies (from 1), those that hold it damaged, with what was found first.
    package var damaged: [Int: String] = [:]
    package var phases: [Phase] = []
}

/// What a target may refuse without ending a restore.
package struct RefusedParts: Sendable {
    /// Objects of which it refused security labels.
    package var labels: Set<ObjectIdentity> = []
    /// Materialized views that it could not fill.
    package var contents: Set<ObjectIdentity> = []
    /// Tables whose rows it refused, so that they are empty, and tables that it refused to make.
    package var rows: Set<ObjectIdentity> = []
    /// Objects that it refused to make, or to make as they were: the restore is not complete.
    package var definitions: Set<ObjectIdentity> = []
    /// Objects that are there and lack something that it refused, such as a place under another table.
    package var incomplete: Set<ObjectIdentity> = []
    /// Conditions that it could not hold against the rows; they hold for new ones.
    package var validity: Set<ObjectIdentity> = []
    /// Statements of objects that are there without what these say: settings that the target cannot have.
    package var settings: [ObjectIdentity: Set<String>] = [:]
}

extension RestoreOutcome {
    /// Counts what came back of `tables`.
    mutating func count(_ tables: [TableData]) {
        let loaded = tables.filter { !refused.rows.contains($0.identity) }
        self.tables = loaded.count
        rows = loaded.reduce(0) { $0 + $1.proof.rows }
        textBytes = loaded.reduce(0) { $0 + $1.textBytes }
    }

    /// Takes what was made, and puts what was refused of it into the ledger.
    mutating func note(_ parts: BuiltParts) {
        statements += parts.statements
        noteRows(parts)
        for (constraint, reason) in parts.unvalidated.sorted(by: { $0.key < $1.key }) {
            refused.validity.insert(constraint)
            notApplied.append(
                Omission(object: "validity of \(constraint)", reason: "it holds for new rows only: \(reason)")
            )
        }
        for (object, reason) in parts.refused.sorted(by: { $0.key < $1.key }) {
            refused.definitions.insert(object)
            notApplied.append(Omission(object: object.description, reason: reason))
        }
        for (object, reason) in parts.incomplete.sorted(by: { $0.key < $1.key }) {
            refused.incomplete.insert(object)
            notApplied.append(Omission(object: object.description, reason: "it lacks something: \(reason)"))
        }
        for (object, settings) in parts.unset.sorted(by: { $0.key < $1.key }) {
            refused.settings[object, default: []].formUnion(settings.keys)
            for reason in settings.values.sorted() {
                notApplied.append(Omission(object: "setting of \(object)", reason: reason))
            }
        }
        for (table, reason) in parts.withoutStatistics.sorted(by: { $0.key < $1.key }) {
            notApplied.append(Omission(object: "statistics of \(table)", reason: reason))
        }
    }

    private mutating func noteRows(_ parts: BuiltParts) {
        for (table, reason) in parts.unloaded.sorted(by: { $0.key < $1.key }) {
            refused.rows.insert(table)
            notApplied.append(Omission(object: "rows of \(table)", reason: reason))
        }
        for (table, columns) in parts.differing.sorted(by: { $0.key < $1.key }) {
            for (column, reason) in columns.sorted(by: { Spelling($0.key) < Spelling($1.key) }) {
                let values = "values of generated column \(column) of \(table)"
                notApplied.append(Omission(object: values, reason: reason))
            }
        }
    }
}
