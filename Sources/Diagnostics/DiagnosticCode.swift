/// A stable name for one situation an operator can act on.
///
/// The raw values are part of the command line's contract: they appear in JSON and in `docs/errors.md`, and are never
/// renamed or reused.
package enum DiagnosticCode: String, Sendable, CaseIterable {
    // Usage and settings.
    case usage
    case settingsInvalid = "settings-invalid"
    case settingsMissing = "settings-missing"
    case secretOnCommandLine = "secret-on-command-line"

    // Databases.
    case databaseUnreachable = "database-unreachable"
    case databaseAuthentication = "database-authentication"
    case databaseConnectionLost = "database-connection-lost"
    case databasePermission = "database-permission"
    case databaseRowSecurity = "database-row-security"
    case databaseVersion = "database-version"
    case databaseQuery = "database-query"
    case databaseLockTimeout = "database-lock-timeout"
    case databaseLockYielded = "database-lock-yielded"
    case databaseChangedDuringExport = "database-changed-during-export"
    case unsupportedObject = "unsupported-object"
    case targetNotEmpty = "target-not-empty"
    case targetRefused = "target-refused"
    case extensionUnavailable = "extension-unavailable"
    case restoreStatement = "restore-statement"

    // Repositories and what lies in them.
    case repositoryMissing = "repository-missing"
    case repositoryForeign = "repository-foreign"
    case repositoryFormat = "repository-format"
    case repositoryUnreachable = "repository-unreachable"
    case repositoryAccess = "repository-access"
    case repositoryFull = "repository-full"
    case repositoryStorage = "repository-storage"
    case objectExists = "object-exists"
    case objectMissing = "object-missing"
    case objectCorrupt = "object-corrupt"
    case pointUnknown = "point-unknown"
    case pointHeld = "point-held"
    case deleteDenied = "delete-denied"
    case pruneRefused = "prune-refused"

    // Keys.
    case keyMissing = "key-missing"
    case keyWrong = "key-wrong"
    case keyInvalid = "key-invalid"
    case signatureInvalid = "signature-invalid"
    case signerUntrusted = "signer-untrusted"

    // Outcomes.
    case drillFailed = "drill-failed"
    case drillUnverified = "drill-unverified"
    case objectiveMissed = "objective-missed"
    case busy
    case partial
    case interrupted
    case timeLimit = "time-limit"

    // The machine underneath.
    case fileAccess = "file-access"
    case serverBinariesMissing = "server-binaries-missing"
    case scratchCluster = "scratch-cluster"
    case resourceExhausted = "resource-exhausted"
    case notificationFailed = "notification-failed"
    case internalError = "internal-error"
}

/// The process exit statuses, one table for every command.
package enum ExitStatus: Int32, Sendable, CaseIterable {
    case done = 0
    case failed = 1
    case usage = 2
    case partial = 3
    case objectiveMissed = 4
    case unverified = 5
    case settings = 10
    case busy = 11
    case key = 12
    case repository = 13
    case database = 14
    case interrupted = 130
}

extension DiagnosticCode {
    /// The exit status of a command that ends with this diagnostic.
    package var exitStatus: ExitStatus {
        switch self {
        case .usage, .secretOnCommandLine: .usage
        case .settingsInvalid, .settingsMissing: .settings
        case .databaseUnreachable, .databaseAuthentication, .databaseConnectionLost, .databasePermission,
            .databaseRowSecurity, .databaseVersion, .databaseQuery, .databaseLockTimeout,
            .databaseLockYielded, .databaseChangedDuringExport,
            .unsupportedObject, .targetNotEmpty, .targetRefused, .extensionUnavailable, .restoreStatement:
            .database
        case .repositoryMissing, .repositoryForeign, .repositoryFormat, .repositoryUnreachable, .repositoryAccess,
            .repositoryFull, .repositoryStorage, .objectExists, .objectMissing, .objectCorrupt, .pointUnknown,
            .pointHeld, .deleteDenied, .pruneRefused:
            .repository
        case .keyMissing, .keyWrong, .keyInvalid, .signatureInvalid, .signerUntrusted: .key
        case .drillFailed, .objectiveMissed: .objectiveMissed
        case .drillUnverified: .unverified
        case .busy: .busy
        case .partial: .partial
        case .interrupted: .interrupted
        case .timeLimit, .fileAccess, .serverBinariesMissing, .scratchCluster, .resourceExhausted, .notificationFailed,
            .internalError:
            .failed
        }
    }
}
