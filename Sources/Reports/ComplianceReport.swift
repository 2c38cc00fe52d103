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
    package let evidence: EvidenceFacts

    /// Judges the facts; reads no clock.
    package static func make(input: ReportInput) -> ComplianceReport {
        let history = PointHistory(input)
        let runs = RunFacts(input)
        let recoveryPoint = RecoveryPointFacts(input, history, runs)
        let recoveryTime = RecoveryTimeFacts(input)
        let downtime = DowntimeFacts(input)
        let proof = ProofFacts(input, history)
        let copies = CopyFacts(input, history, newest: recoveryPoint.newest)
        let evidence = EvidenceFacts(input, history)
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

/// In how many repositories the newest good point lies, in a copy that is not known to be bad.
package struct CopyFacts: Sendable, Hashable, Encodable {
    package let target: Int?
    /// Nil when there is no good point.
    package let newestPoint: Int?
    /// Since when the newest points have had fewer copies than promised; nil while the promise is kept.
    package let missedSince: Instant?
    package let compliance: Compliance

    init(_ input: ReportInput, _ history: PointHistory, newest: PointFacts?) {
        target = input.objectives.copies
        let point = input.points.first { $0.name.description == newest?.name }
        newestPoint = point.map { Self.copies(of: $0, history) }
        let isShort = (newestPoint ?? 0) < (target ?? 0)
        missedSince = isShort ? target.flatMap { Self.missedSince($0, input, history) } : nil
        compliance = Compliance(input.objectives.judge(copies: newestPoint, since: missedSince))
    }

    /// What the copies of a point say when each is known; else how many there are said to be.
    private static func copies(of point: ReportPoint, _ history: PointHistory) -> Int {
        let bad = history.lives[point.name]?.badCopies.keys.count { point.repositories.contains($0) } ?? 0
        return max(0, point.copies - bad)
    }

    /// The beginning of the time at whose end every point was short of copies, from the newest point backwards.
    private static func missedSince(_ target: Int, _ input: ReportInput, _ history: PointHistory) -> Instant? {
        let kept = input.points.filter { $0.committedAt <= input.end }.sorted {
            $0.recoveryInstant > $1.recoveryInstant
        }
        let short = kept.prefix { copies(of: $0, history) < target }
        return short.compactMap { history.lives[$0.name]?.isShort(of: target) ?? $0.committedAt }.min()
    }
}
