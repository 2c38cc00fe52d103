package import Model
import Policy

/// Facts against objectives over a period: the one value behind every rendering.
///
/// Durations are in seconds, shares from 0 to 1, instants in UTC. What is not known is nil (absent in JSON), never zero.
package struct ComplianceReport: Sendable, Hashable, Encodable {
    package let plan: PlanName
    package let period: ReportPeriod
    package let generated: Instant
    /// Promises that were typed for this report, in place of the plan's own.
    package let typedTargets: [TypedTarget]
    /// The worst of all objectives that were stated, with the reasons.
    package let compliance: Compliance
    package let recoveryPoint: RecoveryPointFacts
    package let recoveryTime: RecoveryTimeFacts
    package let downtime: DowntimeFacts
    package let proof: ProofFacts
    package let copies: CopyFacts
    package let runs: RunFacts
    package let evidence: EvidenceFacts

    /// Judges the facts; reads no clock.
    package static func make(input: ReportInput) -> ComplianceReport {
        let input = input.rewound
        let history = PointHistory(input)
        let drills = JudgedDrill.all(in: input, history)
        let runs = RunFacts(input, drills)
        let recoveryPoint = RecoveryPointFacts(input, history, runs)
        let recoveryTime = RecoveryTimeFacts(input, drills)
        let downtime = DowntimeFacts(input, drills)
        let proof = ProofFacts(input, history, drills)
        let copies = CopyFacts(input, history)
        let evidence = EvidenceFacts(input, history)
        return ComplianceReport(
            plan: input.plan,
            period: ReportPeriod(from: input.from, to: input.to),
            generated: input.now,
            typedTargets: input.typedTargets,
            compliance: Compliance(all: [
                recoveryPoint.compliance.named("recovery point"),
                recoveryTime.compliance.named("recovery time"),
                downtime.compliance.named("downtime"),
                proof.compliance.named("proof"),
                copies.compliance.named("copies"),
                evidence.compliance.named("evidence"),
            ]),
            recoveryPoint: recoveryPoint,
            recoveryTime: recoveryTime,
            downtime: downtime,
            proof: proof,
            copies: copies,
            runs: runs,
            evidence: evidence
        )
    }
}

/// The time a report looks at.
package struct ReportPeriod: Sendable, Hashable, Codable {
    package let from: Instant
    package let to: Instant
}
