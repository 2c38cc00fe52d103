package import Model

/// What one drill found.
package struct DrillFacts: Sendable, Hashable, Encodable {
    package let point: String
    package let recoveryInstant: Instant
    package let declared: Instant
    package let finished: Instant
    package let target: DrillRun.TargetClass
    package let targetVersion: String
    package let verdict: DrillRun.Verdict
    /// From declared to validated; nil when validation was never reached.
    package let recoverySeconds: Double?
    package let phases: [PhaseFacts]
    package let tables: DrillRun.TableScore
    package let catalog: CatalogFidelity
    package let checks: [DrillRun.Check]
    package let notChecked: [NotChecked]
    package let failure: Failure?
    package let obstacle: DrillRun.Obstacle?

    /// Tells what `run` found; what `expected` names is marked so.
    package init(_ run: DrillRun, declared: Instant, finished: Instant, expected: [Omission] = []) {
        point = run.point.description
        recoveryInstant = run.recoveryInstant
        self.declared = declared
        self.finished = finished
        target = run.target
        targetVersion = run.targetVersion
        verdict = run.verdict
        recoverySeconds = run.recoverySeconds
        phases = DrillTiming(run, declared: declared).phases
        tables = run.tables
        catalog = CatalogFidelity(run.catalog)
        checks = run.checks
        let expectedObjects = Set(expected.map { Spelling($0.object) })
        notChecked = run.notChecked.map { omission in
            NotChecked(
                object: omission.object,
                reason: omission.reason,
                isExpected: expectedObjects.contains(Spelling(omission.object))
            )
        }
        failure = run.failure
        obstacle = run.obstacle
    }
}

/// How many objects of the catalog came back as they were.
package struct CatalogFidelity: Sendable, Hashable, Codable {
    package let equal: Int
    package let total: Int
    /// From 0 to 1; nil when nothing was compared.
    package let fidelity: Double?
    package let differences: [String]

    init(_ score: DrillRun.CatalogScore) {
        equal = score.equal
        total = score.total
        fidelity = score.total == 0 ? nil : Double(score.equal) / Double(score.total)
        differences = score.differences
    }
}

/// Something that a drill could not check.
package struct NotChecked: Sendable, Hashable, Codable {
    package let object: String
    package let reason: String
    /// Whether the plan says that it cannot be checked there.
    package let isExpected: Bool
}
