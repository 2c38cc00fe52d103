/// What a restore rehearsal found.
package struct DrillRun: Sendable, Hashable, Codable {
    /// `unverified` means that something could not be checked; it never counts as a pass.
    package enum Verdict: String, Sendable, Codable {
        case proven
        case failed
        case unverified
    }

    /// Where the copy was restored to.
    package enum TargetClass: String, Sendable, Codable, CaseIterable {
        case ephemeral
        case server
    }

    package var point: PointName
    package var recoveryInstant: Instant
    package var target: TargetClass
    package var targetVersion: String
    package var verdict: Verdict
    /// Wall time from declared to validated; nil when validation was never reached.
    package var recoverySeconds: Double?
    package var phases: [Phase]
    package var tables: TableScore
    package var catalog: CatalogScore
    package var checks: [Check]
    /// What this drill could not check, each with its reason.
    package var notChecked: [Omission]
    /// What stopped the drill and lies in the point.
    package var failure: Failure?
    /// What stopped the drill and lies in this machine, which says nothing about the point.
    package var obstacle: Obstacle?

    /// Creates a run.
    package init(
        point: PointName,
        recoveryInstant: Instant,
        target: TargetClass,
        targetVersion: String,
        verdict: Verdict,
        recoverySeconds: Double?,
        phases: [Phase],
        tables: TableScore,
        catalog: CatalogScore,
        checks: [Check],
        notChecked: [Omission],
        failure: Failure?,
        obstacle: Obstacle? = nil
    ) {
        self.point = point
        self.recoveryInstant = recoveryInstant
        self.target = target
        self.targetVersion = targetVersion
        self.verdict = verdict
        self.recoverySeconds = recoverySeconds
        self.phases = phases
        self.tables = tables
        self.catalog = catalog
        self.checks = checks
        self.notChecked = notChecked
        self.failure = failure
        self.obstacle = obstacle
    }

    /// Why a rehearsal could not be carried out here, and what to do about it.
    package struct Obstacle: Sendable, Hashable, Codable {
        package var code: String
        package var summary: String
        package var cause: String?
        package var hint: String?

        /// Creates an obstacle.
        package init(code: String, summary: String, cause: String?, hint: String?) {
            self.code = code
            self.summary = summary
            self.cause = cause
            self.hint = hint
        }
    }

    /// How many tables came back as they were, and which did not.
    package struct TableScore: Sendable, Hashable, Codable {
        package var proven: Int
        package var total: Int
        package var rows: Int64
        package var mismatches: [String]

        /// Creates a score; of nothing by default.
        package init(proven: Int = 0, total: Int = 0, rows: Int64 = 0, mismatches: [String] = []) {
            self.proven = proven
            self.total = total
            self.rows = rows
            self.mismatches = mismatches
        }
    }

    /// How many catalog objects came back as they were, and which did not.
    package struct CatalogScore: Sendable, Hashable, Codable {
        package var equal: Int
        package var total: Int
        package var differences: [String]

        /// Creates a score; of nothing by default.
        package init(equal: Int = 0, total: Int = 0, differences: [String] = []) {
            self.equal = equal
            self.total = total
            self.differences = differences
        }
    }

    /// One further check: an assertion of the plan, the negative control, valid constraints, sequences.
    package struct Check: Sendable, Hashable, Codable {
        package var name: String
        package var passed: Bool
        package var detail: String?

        /// Creates a check.
        package init(name: String, passed: Bool, detail: String? = nil) {
            self.name = name
            self.passed = passed
            self.detail = detail
        }
    }
}
