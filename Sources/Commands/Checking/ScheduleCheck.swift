import Diagnostics
import Model
import Policy
import Settings

/// Whether the plan's schedules can keep its promises even if every run succeeds.
struct ScheduleCheck {
    let plan: PlanSettings
    /// How long past backups took.
    let durations: [Duration]
    let now: Instant

    func run(_ list: inout CheckList) {
        checkBackups(&list)
        checkDrills(&list)
        if plan.retention == nil {
            list.warn(
                "retention",
                "no retention is named, so every point is kept and the disk fills up",
                hint: "Name one in the plan, such as retention: \"nightly-30d\"."
            )
        } else {
            let when = plan.schedule.prune.map { "prunes at '\($0.text)'" } ?? "no prune is scheduled here"
            list.ok("retention", "\(plan.retentionName ?? "inline"); \(when)")
        }
        if plan.recoveryTarget != .ephemeral {
            list.warn(
                "objectives",
                "no drill can judge the RTO: 'recoveryTarget' is '\(plan.recoveryTarget.rawValue)'",
                cause: "drills run on ephemeral clusters",
                hint: "Take 'recoveryTarget' out of the plan."
            )
        }
        if plan.pingURL != nil, plan.pingURL == plan.drillPingURL {
            list.warn(
                "ping",
                "backups and drills call the same URL",
                cause: "a drill that succeeds calls off the alarm of a backup that failed",
                hint: "Give 'drillPing' a URL of its own."
            )
        }
        if plan.pingURL != nil || plan.drillPingURL != nil, PingSignal.program() == nil {
            let missing = PingSignal.missingProgram
            list.warn("ping", missing.summary, cause: missing.cause, hint: missing.hint)
        }
    }

    private func checkBackups(_ list: inout CheckList) {
        guard let schedule = plan.schedule.backup else {
            return list.warn(
                "schedule",
                "no backup is scheduled",
                hint: "Add schedule: { backup: \"0 2 * * *\" } to the plan, and see 'lifeboat schedule --help'."
            )
        }
        guard let rpo = plan.objectives.recoveryPoint else {
            list.ok("schedule", "backups at '\(schedule.text)' (\(plan.schedule.timeZone.name))")
            return list.warn(
                "objectives",
                "the plan does not say how much data may be lost",
                hint: "Add objectives: { rpo: \"24h\", rto: \"2h\" } to the plan."
            )
        }
        let feasibility = ScheduleFeasibility(
            schedule,
            zone: plan.schedule.timeZone,
            durations: durations,
            jitter: SystemdUnits.randomizedDelay,
            rpo: rpo,
            now: now
        )
        let worst = feasibility.worstExposure.map { ", at most \($0.inWords) are lost" } ?? ""
        switch feasibility.verdict {
        case .met: list.ok("schedule", "backups at '\(schedule.text)' (\(plan.schedule.timeZone.name))\(worst)")
        case .unknown(let reason):
            list.ok("schedule", "backups at '\(schedule.text)' (\(plan.schedule.timeZone.name)); \(reason)")
        case .missed(let reason):
            list.fail(
                "schedule",
                Diagnostic(
                    .objectiveMissed,
                    "the schedule '\(schedule.text)' cannot keep the RPO of \(rpo.inWords)",
                    cause: reason,
                    hint: feasibility.suggestion.map { "Use '\($0.text)', or allow more in 'objectives.rpo'." }
                        ?? "Allow more in 'objectives.rpo'."
                )
            )
        }
    }

    private func checkDrills(_ list: inout CheckList) {
        guard let allowed = plan.objectives.drillEvery else { return }
        guard let schedule = plan.schedule.drill else {
            return list.warn(
                "schedule",
                "drills are due every \(allowed.inWords), and none is scheduled",
                hint: "Add schedule: { drill: \"@monthly\" } to the plan, or run 'lifeboat drill' by another way."
            )
        }
        let zone = plan.schedule.timeZone
        guard let gap = schedule.longestGap(from: now, in: zone) else { return }
        // A month by the wall clock may hold an hour more: nobody means that who promises 31 days.
        let clockChange = Duration.seconds(zone.offset(at: gap.to) - zone.offset(at: gap.from))
        guard gap.length + min(clockChange, .zero) > allowed else { return }
        list.warn(
            "schedule",
            "drills at '\(schedule.text)' lie up to \(gap.length.inWords) apart, and are due every \(allowed.inWords)",
            hint: "Schedule them more often, or allow more in 'objectives.drillEvery'."
        )
    }
}
