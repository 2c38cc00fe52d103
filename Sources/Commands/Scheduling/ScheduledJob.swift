import Diagnostics
import Model
import Policy
import Settings

/// Something that a plan does by schedule.
struct ScheduledJob: Sendable {
    /// The verb is also what the job is called in units.
    enum Kind: String, Sendable, Encodable, CaseIterable {
        case backup
        case drill
        case prune
        case verify
    }

    let plan: PlanSettings
    let kind: Kind
    let schedule: CronSchedule

    /// Two plans with one repository often begin at the same minute, and some stores let one run write at a time.
    private static let patience = Duration.seconds(3600)

    var zone: TimeZoneRules { plan.schedule.timeZone }

    /// The command line of one run.
    func command(on host: ScheduleHost) -> [String] {
        let options =
            switch kind {
            case .backup: ["--wait", Self.patience.compactText, plan.name]
            case .drill: [plan.name]
            case .prune: ["--yes", "--wait", Self.patience.compactText, plan.name]
            case .verify: ["--within", plan.schedule.verifyWithin.compactText, "--plan", plan.name]
            }
        return [host.executable, kind.rawValue, "--config", host.config, "--quiet"] + options
    }

    /// The jobs of plans; throws when they schedule nothing, or one that was named does not.
    static func all(of plans: [PlanSettings], areNamed: Bool) throws -> [ScheduledJob] {
        let jobs = plans.map { plan in
            Kind.allCases.compactMap { kind in
                schedule(of: kind, in: plan).map { ScheduledJob(plan: plan, kind: kind, schedule: $0) }
            }
        }
        if let idle = zip(plans, jobs).first(where: \.1.isEmpty)?.0, areNamed || jobs.allSatisfy(\.isEmpty) {
            throw Diagnostic(
                .settingsInvalid,
                "plan '\(idle.name)' has no schedule",
                cause: "\(idle.place) names no time under 'schedule'",
                hint: "Add for example: schedule: { backup: \"0 2 * * *\", drill: \"@monthly\" }."
            )
        }
        return jobs.flatMap(\.self)
    }

    private static func schedule(of kind: Kind, in plan: PlanSettings) -> CronSchedule? {
        switch kind {
        case .backup: plan.schedule.backup
        case .drill: plan.schedule.drill
        case .prune: plan.schedule.prune
        case .verify: plan.schedule.verify
        }
    }

    /// The next runs after `now`.
    func next(_ count: Int, after now: Instant) -> [Instant] {
        var runs: [Instant] = []
        while runs.count < count, let run = schedule.next(after: runs.last ?? now, in: zone) { runs.append(run) }
        return runs
    }
}

/// The machine that jobs are scheduled on, as units and crontabs have to name it.
struct ScheduleHost: Sendable {
    /// This program, by its absolute path.
    var executable: String
    /// The settings file, by its absolute path.
    var config: String
    var user: String
    /// Where the keyring's folder lies.
    var configurationHome: String
    /// Where the keyring would be looked for without being told.
    var hasUsualHome: Bool
}
