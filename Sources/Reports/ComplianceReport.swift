package import Model
import Policy

/// Facts against objectives over a period: the one value behind every rendering.
///
/// Durations are in seconds, shares from 0 to 1, instants in UTC. What is not known is nil (absent in JSON), never zero.
package struct ComplianceReport: Sendable, Hashable, Encodable {
    package let plan: PlanName
    package let period: ReportPeriod
    package let generated: Instant
    /// The worst of all objectives that were stated, with the reasons.
    package let compliance: Compliance
    package let recoveryPoint: RecoveryPointFacts
    package let recoveryTime: RecoveryTimeFacts
    package let downtime: DowntimeFacts
    package let proof: ProofFacts
    package let copies: CopyFacts
    package let runs: RunFacts

    /// Judges the facts; reads no clock.
    package static func make(input: ReportInput) -> ComplianceReport {
        let history = PointHistory(input)
        let runs = RunFacts(input)
        let recoveryPoint = RecoveryPointFacts(input, history, runs)
        let recoveryTime = RecoveryTimeFacts(input)
        let downtime = DowntimeFacts(input)
        let proof = ProofFacts(input, history)
        let copies = CopyFacts(input, newest: recoveryPoint.newest)
        return ComplianceReport(
            plan: input.plan,
            period: ReportPeriod(from: input.from, to: input.to),
            generated: input.now,
            compliance: Compliance(all: [
                recoveryPoint.compliance.named("recovery point"),
                recoveryTime.compliance.named("recovery time"),
                downtime.compliance.named("downtime"),
                proof.compliance.named("proof"),
                copies.compliance.named("copies"),
            ]),
            recoveryPoint: recoveryPoint,
            recoveryTime: recoveryTime,
            downtime: downtime,
            proof: proof,
            copies: copies,
            runs: runs
        )
    }
}

/// The time a report looks at.
package struct ReportPeriod: Sendable, Hashable, Codable {
    package let from: Instant
    package let to: Instant
}

/// In how many repositories the newest good point lies.
package struct CopyFacts: Sendable, Hashable, Encodable {
    package let target: Int?
    /// Nil when there is no good point.
    package let newestPoint: Int?
    package let compliance: Compliance

    init(_ input: ReportInput, newest: PointFacts?) {
        target = input.objectives.copies
        newestPoint = input.points.first { $0.name.description == newest?.name }?.copies
        compliance = Compliance(input.objectives.judge(copies: newestPoint))
    }
}
