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

/// What a target may refuse once every row is there.
package struct RefusedParts: Sendable {
    /// Objects of which it refused security labels.
    package var labels: Set<ObjectIdentity> = []
    /// Materialized views that it could not fill.
    package var contents: Set<ObjectIdentity> = []
    /// Objects that it refused to make, or to make as they were: the restore is not complete.
    package var definitions: Set<ObjectIdentity> = []
    /// Conditions that it could not hold against the rows; they hold for new ones.
    package var validity: Set<ObjectIdentity> = []
    /// Statements of objects that are there without what these say: settings that the target cannot have.
    package var settings: [ObjectIdentity: Set<String>] = [:]
}
