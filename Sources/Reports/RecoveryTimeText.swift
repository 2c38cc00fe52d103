import Model

/// The part about the time a recovery takes.
struct RecoveryTimeText {
    let facts: RecoveryTimeFacts

    func write(into layout: inout TextLayout) {
        layout.section("Recovery time", promise, facts.compliance)
        layout.why(facts.compliance)
        layout.fact("last drill", last)
        layout.fact("drilled point", facts.lastDrill.map(Self.describe))
        layout.fact("run by", facts.lastDrill.flatMap { makerText($0.tool, $0.host) })
        layout.fact("in the period", period)
        if let timing = facts.lastProven { layout.add(Waterfall(timing: timing, width: layout.width).lines) }
        layout.fact("bottleneck", facts.bottleneck.map { "\($0.phase) takes \(percent($0.share)) of it" })
        layout.fact("not measured", notMeasured)
        layout.fact("forecast", forecast)
    }

    private var promise: String { facts.targetSeconds.map { "target \(inWords($0))" } ?? "no target" }

    private var last: String {
        guard let last = facts.lastDrill else { return "none yet (\(facts.targetClass.rawValue) target)" }
        let place = "\(last.declared.minuteText), \(facts.targetClass.rawValue) target"
        if last.verdict == .proven, let seconds = last.recoverySeconds { return "\(inWords(seconds)), \(place)" }
        let before = facts.lastProven.flatMap { proven in
            proven.recoverySeconds.map { "; the last proven one took \(inWords($0)), \(proven.declared.minuteText)" }
        }
        return "\(last.verdict.rawValue), \(place)\(before ?? "")"
    }

    private static func describe(_ drill: DrillTiming) -> String {
        let size = drill.pointTextBytes.map { ", \(ByteCount($0)) of text" } ?? ""
        if let objection = drill.notCounted { return "\(drill.point)\(size); it does not count: \(objection)" }
        return "\(drill.point)\(size)" + (drill.newerPoints == 0 ? ", the newest one then" : "")
    }

    private var period: String? {
        guard let worst = facts.worstSeconds, let median = facts.medianSeconds, let at = facts.worstAt else {
            return nil
        }
        let share =
            facts.drills == facts.provenDrills
            ? counted(facts.drills, "drill") : "\(facts.provenDrills) proven of \(counted(facts.drills, "drill"))"
        let rest = facts.notCountedDrills > 0 ? ", \(facts.notCountedDrills) of them not counted" : ""
        return "worst \(inWords(worst)) on \(at.dayText), median \(inWords(median)), \(share)\(rest)"
    }

    private var notMeasured: String? {
        guard facts.lastProven != nil else { return nil }
        return "detection and decision"
            + (facts.decisionAllowanceSeconds.map { ": \(inWords($0)) are added for them" } ?? "")
    }

    private var forecast: String? {
        facts.forecast.map { forecast in
            let growth = Duration.seconds(forecast.growthSecondsPerDay).inWords
            return "grows \(growth) a day; at that rate it reaches the target on \(forecast.crossesAt.dayText)"
        }
    }
}

/// The part about what an outage costs.
struct DowntimeText {
    let facts: DowntimeFacts

    func write(into layout: inout TextLayout) {
        guard let target = facts.targetSeconds else { return }
        layout.section("Downtime", "tolerable \(inWords(target))", facts.compliance)
        layout.why(facts.compliance)
        layout.fact("one outage", facts.outageSeconds.map(outageText))
    }

    private func outageText(_ outage: Double) -> String {
        let parts: [(String, Double?)] = [
            ("to decide", facts.decisionAllowanceSeconds), ("recovery", facts.recoverySeconds),
            ("work", facts.workRecoverySeconds),
        ]
        let stated = parts.compactMap { name, seconds in seconds.map { "\(inWords($0)) \(name)" } }
        return stated.count > 1 ? "\(inWords(outage)) = \(stated.joined(separator: " + "))" : inWords(outage)
    }
}
