package import Model
import Policy

/// How long a recovery takes, as drills measured it, against the recovery time objective.
package struct RecoveryTimeFacts: Sendable, Hashable, Encodable {
    package let targetSeconds: Double?
    /// The class of target whose drills are looked at here.
    package let targetClass: DrillRun.TargetClass
    package let compliance: Compliance
    /// The last drill, whatever its verdict.
    package let lastDrill: DrillTiming?
    /// The last drill that proved a point and so tells a time; its phases are the waterfall.
    package let lastProven: DrillTiming?
    /// The phase that took the most of the last proven drill.
    package let bottleneck: Bottleneck?
    package let worstSeconds: Double?
    package let worstAt: Instant?
    package let medianSeconds: Double?
    /// Drills of the period, and how many of them proved a point.
    package let drills: Int
    package let provenDrills: Int
    /// Detection and decision, which no drill measures; nil when the plan states no allowance.
    package let decisionAllowanceSeconds: Double?
    package let forecast: ForecastFacts?

    init(_ input: ReportInput) {
        let timings = DrillTiming.all(in: input).filter { $0.target == input.recoveryTarget }
        let drills = timings.map(\.policyDrill)
        let period = RecoveryTime.measure(drills, from: input.from, to: input.end)
        let proven = timings.filter { $0.verdict == .proven && $0.recoverySeconds != nil }
        let rto = input.objectives.rto
        targetSeconds = rto?.inSeconds
        targetClass = input.recoveryTarget
        compliance = Compliance(DrillTiming.judge(input) { $0.judgeRTO($1) })
        lastDrill = timings.last
        lastProven = proven.last
        bottleneck = proven.last.flatMap(Bottleneck.init)
        worstSeconds = period.worst?.inSeconds
        worstAt =
            proven.filter { $0.declared >= input.from }
            .max { ($0.recoverySeconds ?? 0) < ($1.recoverySeconds ?? 0) }?.declared
        medianSeconds = period.median?.inSeconds
        self.drills = period.drills
        provenDrills = period.proven
        decisionAllowanceSeconds = input.objectives.decisionAllowance?.inSeconds
        forecast = rto.flatMap { ForecastFacts(proven, limit: $0, input) }
    }
}

/// When and how long one drill ran.
package struct DrillTiming: Sendable, Hashable, Encodable {
    package let point: String
    package let target: DrillRun.TargetClass
    package let declared: Instant
    package let verdict: DrillRun.Verdict
    /// From declared to validated; nil when validation was never reached.
    package let recoverySeconds: Double?
    package let phases: [PhaseFacts]

    /// Creates the timing of one drill.
    package init(_ run: DrillRun, declared: Instant) {
        point = run.point.description
        target = run.target
        self.declared = declared
        verdict = run.verdict
        recoverySeconds = run.recoverySeconds
        phases = run.phases.sorted { $0.started < $1.started }
            .map { PhaseFacts($0, declared: declared, recoverySeconds: run.recoverySeconds) }
    }

    var policyDrill: RecoveryTime.Drill {
        RecoveryTime.Drill(
            declaredAt: declared,
            verdict: verdict,
            duration: recoverySeconds.map { .seconds($0) },
            target: target
        )
    }

    /// Every drill that ended by the end of the period, in the order in which they began.
    static func all(in input: ReportInput) -> [DrillTiming] {
        input.drills.map { DrillTiming($0.run, declared: $0.record.started) }.sorted { $0.declared < $1.declared }
    }

    /// Judges all drills so far on the judged class of target by the latest one.
    ///
    /// What it met it met then: where it lies before the period, and longer ago than the promised rhythm allows, that is
    /// not known any more.
    static func judge(
        _ input: ReportInput,
        _ verdict: (RecoveryTime, Objectives) -> ObjectiveVerdict?
    ) -> ObjectiveVerdict? {
        let drills = all(in: input).map(\.policyDrill)
        let start = drills.map(\.declaredAt).min() ?? input.from
        let measured = RecoveryTime.measure(drills, from: start, to: input.end, target: input.recoveryTarget)
        let judged = verdict(measured, input.objectives)
        if let latest = measured.latestDrill {
            let oldest = min(input.from, input.objectives.drillEvery.map { input.end - $0 } ?? input.from)
            guard judged == .met, latest.declaredAt < oldest else { return judged }
            return .unknown("the latest drill, of \(latest.declaredAt), lies before the period")
        }
        guard judged != nil else { return nil }
        if drills.isEmpty { return .unknown("no drill has measured a recovery yet") }
        return .unknown("no drill has run on this class of target yet (\(input.recoveryTarget.rawValue))")
    }
}

/// One timed part of a recovery.
package struct PhaseFacts: Sendable, Hashable, Codable {
    package let name: String
    /// From declared to the start of the phase.
    package let offsetSeconds: Double
    package let seconds: Double
    package let bytes: Int64?
    /// The part of the recovery time it took; nil for what came after validation, or when there was none.
    package let share: Double?

    init(_ phase: Phase, declared: Instant, recoverySeconds: Double?) {
        name = phase.name
        offsetSeconds = max(0, (phase.started - declared).inSeconds)
        seconds = phase.seconds
        bytes = phase.bytes
        if let total = recoverySeconds, total > 0, offsetSeconds < total {
            share = min(phase.seconds, total - offsetSeconds) / total
        } else {
            share = nil
        }
    }
}

/// The phase to look at first.
package struct Bottleneck: Sendable, Hashable, Codable {
    package let phase: String
    package let share: Double

    init?(_ timing: DrillTiming) {
        let longest = timing.phases.max { ($0.share ?? 0) < ($1.share ?? 0) }
        guard let longest, let share = longest.share else { return nil }
        phase = longest.name
        self.share = share
    }
}

/// When recovery will take longer than allowed, if it keeps growing.
package struct ForecastFacts: Sendable, Hashable, Codable {
    package let growthSecondsPerDay: Double
    package let crossesAt: Instant
    package let measurements: Int

    init?(_ timings: [DrillTiming], limit: Duration, _ input: ReportInput) {
        let measured = timings.map { (at: $0.declared, duration: Duration.seconds($0.recoverySeconds ?? 0)) }
        let room = limit - (input.objectives.decisionAllowance ?? .zero)
        guard let forecast = Forecast(measured, objective: room, now: input.end) else { return nil }
        growthSecondsPerDay = forecast.growthPerDay.inSeconds
        crossesAt = forecast.crossesAt
        measurements = forecast.measurements
    }
}
