extension Diagnostic {
    /// What to do next: the hint of whoever knew more; without one, what helps with such an error as a rule.
    package func shownHint(as label: String) -> String? { hint ?? (label == "error" ? code.usualHint : nil) }
}

extension DiagnosticCode {
    /// What to do about an error of this kind when its place says nothing more particular; nil where the error itself says it.
    package var usualHint: String? {
        switch self {
        case .usage: "See 'lifeboat help' and 'lifeboat help COMMAND'."
        // There may be many at a time, and each says where it stands and what is expected there.
        case .settingsInvalid: nil
        case .settingsMissing: "Add it to the settings, or name what is there; 'lifeboat check' reads them all."
        case .secretOnCommandLine: "Use .pgpass, PGPASSWORD, a service file or --source-env VARIABLE."
        case .databaseUnreachable: "Check host, port and network."
        case .databaseAuthentication: "Check .pgpass, PGPASSWORD and the server's pg_hba.conf."
        case .databaseConnectionLost: "Look into the server's log, and start again."
        case .databasePermission: "Grant what is missing, or leave the object out."
        case .databaseRowSecurity: "Connect as the owner or a role with BYPASSRLS."
        case .databaseVersion: "Use PostgreSQL 14 or newer."
        case .databaseQuery: "Read the server's words above, and its log."
        case .databaseLockTimeout, .databaseLockYielded, .databaseChangedDuringExport:
            "Start it again when the migration is over."
        case .unsupportedObject: "Leave the object out with --exclude, knowing that it will be missing."
        case .targetNotEmpty, .targetRefused: "Choose an empty database."
        case .extensionUnavailable: "Install its package on the server, or choose a server that has it."
        case .restoreStatement: "Drop the target, create it anew, and start over."
        case .repositoryMissing, .repositoryForeign: "Check the place of the repository."
        case .repositoryFormat: "Upgrade Lifeboat."
        case .repositoryUnreachable: "Check host, port and network, and run it again."
        case .repositoryAccess: "Check the key or the credentials for the repository."
        case .repositoryFull: "Free space there: 'lifeboat prune' shows which points retention no longer needs."
        case .repositoryStorage: "Check the disk or the store and its rights; docs/stores.md says what it must allow."
        case .objectExists: "Another run was faster, and nothing is lost: run it again if it is still needed."
        case .objectMissing, .objectCorrupt:
            "'lifeboat verify' names what is damaged; use another point or another copy of the repository."
        case .pointUnknown: "List the points with 'lifeboat points'."
        case .pointHeld: "Let it go first, with 'lifeboat hold --release'."
        case .deleteDenied: "Prune with credentials that may delete, or wait until the lock ends."
        case .pruneRefused: "Read what would go; raise --max-share only where that is meant."
        case .keyMissing, .keyWrong: "Name the right identity with --identity FILE; the escrow sheet holds a spare."
        case .keyInvalid: "Put the key back from the escrow sheet."
        case .signatureInvalid: "Do not trust it: use another point; 'lifeboat verify' lists what is wrong."
        case .signerUntrusted: "Compare the key with the escrow sheet, then run 'lifeboat key trust'."
        case .drillFailed, .objectiveMissed: "Read what differs, or what is missed, above."
        case .drillUnverified: "Read what could not be checked above."
        case .busy: "Wait until the other run has ended."
        case .partial: "Read above which repository failed; 'lifeboat repo sync' copies what it missed."
        case .interrupted: "Run it again; begin a restore again in a database created anew."
        case .timeLimit: "Find out what it waits for, or let it take longer."
        case .fileAccess: "Check the path and its permissions."
        case .serverBinariesMissing: "Install PostgreSQL's server programs of the major that is named."
        case .scratchCluster: "Read the end of its log above."
        case .resourceExhausted: "Free memory, threads or descriptors, or use fewer --jobs."
        case .notificationFailed: "Check the URL and the network."
        case .internalError: "This is a mistake in Lifeboat: please report it with these lines."
        }
    }
}
