package import Model
import Policy

/// How much of the latest data would have been lost, against the recovery point objective.
package struct RecoveryPointFacts: Sendable, Hashable, Encodable {
    package let targetSeconds: Double?
    package let compliance: Compliance
    /// Exposure at the end of the period; nil when everything would be lost.
    package let nowSeconds: Double?
    /// The largest exposure in the period while there was a good point.
    package let worstSeconds: Double?
    package let worstAt: Instant?
    /// The share of the protected time of the period within the target.
    package let insideShare: Double?
    /// The times of the period in which more than the target would have been lost: how many, and together how long.
    package let breaches: Int?
    package let breachSeconds: Double?
    /// When the first point was committed; nothing before it can be recovered.
    package let protectedSince: Instant?
    /// Time of the period before the first point.
    package let unprotectedBeforeSeconds: Double
    /// Time of the period after the first point in which no good point existed.
    package let unprotectedAfterSeconds: Double
    /// The share of the period after the first point; nil when there was none.
    package let protectedShare: Double?
    /// The newest point that is not known to be bad.
    package let newest: PointFacts?
    package let points: Int
    package let pointBytes: Int64
    package let heldPoints: Int
    package let badPoints: [BadPointFacts]
    /// Points that are gone although no prune removed them.
    package let missingPoints: [String]
    /// Points that are dated in the future: a clock was wrong.
    package let futurePoints: [String]
    package let schedule: ScheduleFacts?

    init(_ input: ReportInput, _ history: PointHistory, _ runs: RunFacts) {
        let rpo = input.objectives.rpo
        let exposure = Exposure.measure(
            history.lives.values.map { $0.exposed(until: input.end) },
            from: input.from,
            to: input.end,
            rpo: rpo
        )
        targetSeconds = rpo?.inSeconds
        compliance = Compliance(rpo.map { Self.judge(exposure, rpo: $0, input) })
        nowSeconds = exposure.current?.inSeconds
        worstSeconds = exposure.worst?.exposure.inSeconds
        worstAt = exposure.worst?.at
        insideShare = exposure.shareSinceProtected
        breaches = rpo.map { _ in exposure.breaches.count }
        breachSeconds = rpo.map { _ in exposure.breaches.reduce(.zero) { $0 + $1.length }.inSeconds }
        protectedSince = exposure.protectedSince
        unprotectedBeforeSeconds = exposure.unprotectedBefore.inSeconds
        unprotectedAfterSeconds = exposure.unprotectedAfter.inSeconds
        let length = input.end - input.from
        protectedShare =
            exposure.protectedSince == nil || length <= .zero ? nil : 1 - exposure.unprotectedBefore / length
        let kept = input.points.filter { $0.committedAt <= input.end }
        let good = kept.filter { history.lives[$0.name]?.badSince == nil }
        newest = good.max { $0.recoveryInstant < $1.recoveryInstant }.map { PointFacts($0, history) }
        points = kept.count
        pointBytes = kept.reduce(0) { $0 + $1.bytes }
        heldPoints = kept.count { $0.hold != nil }
        badPoints = kept.compactMap { point in
            history.lives[point.name]?.badSince.map { BadPointFacts(name: point.name.description, since: $0) }
        }
        .sorted { $0.name < $1.name }
        missingPoints = history.vanished.map(\.description)
        futurePoints = input.points.filter { max($0.recoveryInstant, $0.committedAt) > input.now }
            .map(\.name.description).sorted()
        schedule = input.schedule.map { ScheduleFacts($0, runs, rpo: rpo) }
    }

    /// What would be lost now is lost with what is out of reach; of the past, what lies there may tell another story.
    private static func judge(_ exposure: Exposure, rpo: Duration, _ input: ReportInput) -> ObjectiveVerdict {
        let verdict = exposure.judge(rpo: rpo)
        let isKeptNow = exposure.current.map { $0 <= rpo } ?? false
        return isKeptNow ? input.asFarAsExamined(verdict) : verdict
    }
}

/// One recovery point.
package struct PointFacts: Sendable, Hashable, Encodable {
    package let name: String
    package let recoveryInstant: Instant
    package let committedAt: Instant
    package let bytes: Int64
    package let provenAt: Instant?
    package let hold: String?
    /// Who made it, where its record is there.
    package let host: String?
    package let tool: String?

    init(_ point: ReportPoint, _ history: PointHistory) {
        let maker = history.lives[point.name]?.maker
        (host, tool) = (maker?.host, maker?.tool)
        name = point.name.description
        recoveryInstant = point.recoveryInstant
        committedAt = point.committedAt
        bytes = point.bytes
        provenAt = history.lives[point.name]?.provenAt
        hold = point.hold
    }
}

/// A point that does not count any more.
package struct BadPointFacts: Sendable, Hashable, Codable {
    package let name: String
    package let since: Instant
}

/// Whether the schedule can keep the promise even when every run succeeds.
package struct ScheduleFacts: Sendable, Hashable, Codable {
    package let longestGapSeconds: Double?
    package let jitterSeconds: Double
    /// The gap, the 95th percentile of the duration and the random delay together.
    package let worstExposureSeconds: Double?
    /// Whether that fits the target; nil without a target or a gap.
    package let fitsTarget: Bool?
    package let nextBackup: Instant?
    package let nextDrill: Instant?

    init(_ schedule: ReportSchedule, _ runs: RunFacts, rpo: Duration?) {
        let worst = schedule.longestGap.map { $0 + .seconds(runs.p95Seconds ?? 0) + schedule.jitter }
        longestGapSeconds = schedule.longestGap?.inSeconds
        jitterSeconds = schedule.jitter.inSeconds
        worstExposureSeconds = worst?.inSeconds
        fitsTarget = worst.flatMap { worst in rpo.map { worst <= $0 } }
        nextBackup = schedule.nextBackup
        nextDrill = schedule.nextDrill
    }
}
