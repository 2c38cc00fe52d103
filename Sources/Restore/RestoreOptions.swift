package import Model

/// How a restore is to be done.
package struct RestoreOptions: Sendable {
    package var selection = RestoreSelection.everything
    /// Connections that load and build at the same time.
    package var workers = 4
    /// The target database's name, typed to allow writing into it although it is not empty.
    package var confirmedName: String?
    /// The target's tablespaces by those of the source; what is not named keeps its name.
    package var tablespaces: [Spelling: Spelling] = [:]
    package var appliesOwners = true
    package var appliesPrivileges = true
    /// Create the roles that are missing on the target; roles that are there are never changed.
    package var createsRoles = true
    /// The whole cluster belongs to this restore and is thrown away: every role is created as it was, and whatever can
    /// run the source's own code runs as a role that is no superuser (see `LoaderRole`).
    package var isScratchCluster = false

    /// Creates the options of a plain full restore.
    package init() {}
}
