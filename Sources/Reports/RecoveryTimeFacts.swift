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
    /// The last drill that counts and proved a point, and so tells a time; its phases are the waterfall.
    package let lastProven: DrillTiming?
    /// The phase that took the most of the last proven drill.
    package let bottleneck: Bottleneck?
    package let worstSeconds: Double?
    package let worstAt: Instant?
    package let medianSeconds: Double?
    /// Drills of the period, and how many of them proved a point.
    package let drills: Int
    package let provenDrills: Int
    /// How many of the drills do not count, because of their points.
    package let notCountedDrills: Int
    /// Detection and decision, which no drill measures; nil when the plan states no allowance.
    package let decisionAllowanceSeconds: Double?
    package let forecast: ForecastFacts?

    init(_ input: ReportInput, _ judged: [JudgedDrill]) {
        let timings = DrillTiming.all(judged).filter { $0.target == input.recoveryTarget }
        let drills = timings.filter { $0.notCounted == nil }.map(\.policyDrill)
        let period = RecoveryTime.measure(drills, from: input.from, to: input.end)
        let proven = DrillTiming.measured(judged, on: input.recoveryTarget)
        let rto = input.objectives.rto
        targetSeconds = rto?.inSeconds
        targetClass = input.recoveryTarget
        compliance = Compliance(DrillTiming.judge(judged, input) { $0.judgeRTO($1) })
        lastDrill = timings.last
        lastProven = proven.last
        bottleneck = proven.last.flatMap(Bottleneck.init)
        worstSeconds = period.worst?.inSeconds
        worstAt =
            proven.filter { $0.declared >= input.from }
            .max { ($0.recoverySeconds ?? 0) < ($1.recoverySeconds ?? 0) }?.declared
        medianSeconds = period.median?.inSeconds
        let inPeriod = timings.filter { $0.declared >= input.from }
        self.drills = inPeriod.count
        provenDrills = inPeriod.count { $0.verdict == .proven }
        notCountedDrills = inPeriod.count { $0.notCounted != nil }
        decisionAllowanceSeconds = input.objectives.decisionAllowance?.inSeconds
        forecast = rto.flatMap { ForecastFacts(proven, limit: $0, input) }
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
