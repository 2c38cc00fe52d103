package import Model
package import Policy

/// What `lifeboat.json` says, checked: every name in it leads somewhere, every duration and schedule can be read.
package struct Settings: Sendable {
    /// The file as it was named, for messages.
    package let path: String
    /// In the order of the file.
    package let repositories: [RepositorySettings]
    package let scratch: [ScratchSettings]
    package let plans: [PlanSettings]
    /// The policies of `retention.json` beside the file and the built-in ones, by name.
    package let retention: RetentionPolicies

    /// The plan of this name.
    package func plan(_ name: String) -> PlanSettings? { plans.first { $0.name == name } }

    /// The repository of this name.
    package func repository(_ name: String) -> RepositorySettings? { repositories.first { $0.name == name } }
}

/// A place for drills to restore to.
package struct ScratchSettings: Sendable, Equatable {
    package let name: String
    /// The parent of the ephemeral cluster's files; nil for the system's temporary folder.
    package let folder: String?

    /// Creates a target's settings.
    package init(name: String, folder: String? = nil) {
        self.name = name
        self.folder = folder
    }
}

/// One protected database.
package struct PlanSettings: Sendable {
    /// Where the connection string is.
    package enum Source: Sendable, Equatable {
        /// In the file itself; holds no password.
        case connection(String)
        /// In this environment variable.
        case environment(String)
    }

    package struct Schedule: Sendable, Equatable {
        package var backup: CronSchedule?
        package var drill: CronSchedule?
        package var prune: CronSchedule?
        package var verify: CronSchedule?
        /// Scheduled verifications read a part each, and everything within this time.
        package var verifyWithin = Duration.seconds(30 * 86_400)
        package var timeZone = TimeZoneRules.utc

        /// Nothing is scheduled.
        package init() {}
    }

    package struct Objectives: Sendable, Equatable {
        package var recoveryTime: Duration?
        package var recoveryPoint: Duration?
        package var maximumDowntime: Duration?
        package var drillEvery: Duration?
        package var copies: Int?
        package var decisionAllowance: Duration?
        package var workRecovery: Duration?

        /// Creates objectives; what is left out was not promised.
        package init(
            recoveryTime: Duration? = nil,
            recoveryPoint: Duration? = nil,
            maximumDowntime: Duration? = nil,
            drillEvery: Duration? = nil,
            copies: Int? = nil,
            decisionAllowance: Duration? = nil,
            workRecovery: Duration? = nil
        ) {
            self.recoveryTime = recoveryTime
            self.recoveryPoint = recoveryPoint
            self.maximumDowntime = maximumDowntime
            self.drillEvery = drillEvery
            self.copies = copies
            self.decisionAllowance = decisionAllowance
            self.workRecovery = workRecovery
        }
    }

    package struct Assertion: Sendable, Equatable {
        package let name: String
        package let sql: String
    }

    package let name: String
    /// `lifeboat.json:12:5`, for messages about the plan as a whole.
    package let place: String
    package let source: Source
    /// `schema.table`, where `*` stands for any text.
    package let excludedTables: [String]
    /// What is left out altogether: a schema, `schema.table` or `kind:name`.
    package let excludedObjects: [String]
    package let schedule: Schedule
    package let objectives: Objectives
    /// Names of repositories, at least one.
    package let repositories: [String]
    /// Nil keeps everything.
    package let retention: RetentionPolicy?
    /// What reports call the policy: its name, or `inline`.
    package let retentionName: String?
    /// Nil when the file names no scratch target at all.
    package let scratch: ScratchSettings?
    package let recoveryTarget: DrillRun.TargetClass
    package let assertions: [Assertion]
    package let workers: Int?
    package let rereadWithin: Duration?
    /// How much a backup may read again only because of that; nil for all that is due.
    package let rereadBudget: ByteCount?
    /// How long a session may wait for a table that a backup reads; nil for ever.
    package let maxLockWait: Duration?
    /// How long a backup and a drill may take before they are given up; nil for ever.
    package let maxBackupTime: Duration?
    package let maxDrillTime: Duration?
    package let pingURL: String?
    package let drillPingURL: String?
}
