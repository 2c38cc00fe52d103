package import AgeEncryption
package import Model
import Repository

/// What to rehearse, and how it is judged.
package struct DrillPlan: Sendable {
    package var point: PointName
    package var identities: [any Identity]
    package var workers = 4
    package var assertions: [Assertion] = []
    /// Parent of the scratch folder.
    package var scratchParent = "/tmp"
    /// What this run of the program sees of the environment, for the search of server programs.
    package var environment: [String: String] = [:]
    package var tool: String
    package var host: String

    /// Creates the plan of a full rehearsal of `point`.
    package init(point: PointName, identities: [any Identity], tool: String, host: String) {
        self.point = point
        self.identities = identities
        self.tool = tool
        self.host = host
    }
}
