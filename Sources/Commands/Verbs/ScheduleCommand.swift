import CommandLineKit
import Diagnostics
import Glibc
import Model
import Policy
import Repository
import Settings
import Streams
import Terminal

/// `lifeboat schedule`: when plans run next, and the units for whoever starts them.
struct ScheduleCommand: LifeboatCommand {
    var plans: [String] = []
    var count = 3
    var forSystemd = false
    var forCron = false
    var folder: String?
    var config: String?
    var output = OutputOptions()

    static let name = "schedule"
    static let summary = "Show the next runs, or print units for systemd or cron"
    static let discussion = """
        Lifeboat starts nothing by itself: systemd or cron does. The printed units keep the plan's schedules in its own time \
        zone; systemd's also make up for missed runs, run hardened, and start 'lifeboat-failure@.service' when one fails.

        A plan's ping URL is called by the backup and the drill themselves. A scheduled prune does at once what 'lifeboat prune' \
        would show, within its limits; a scheduled verification reads a part of what is stored, and all of it within \
        'verifyWithin' (30 days by default).
        """
    static let examples = [
        CommandExample("When does what run", "lifeboat schedule"),
        CommandExample("Install for systemd", "lifeboat schedule --systemd --out /etc/systemd/system"),
        CommandExample("Install for cron", "lifeboat schedule --cron > lines && crontab -e"),
    ]
    static let exitStatuses = CommandExitStatus.local
    static let arguments: [Argument<Self>] =
        [
            .positionals("PLAN", to: \.plans, help: "Plans of lifeboat.json; all when none is named"),
            .option("--next", value: "COUNT", to: \.count, in: 1...100, help: "How many runs of each job to show"),
            .flag("--systemd", to: \.forSystemd, help: "Print services and timers"),
            .flag("--cron", to: \.forCron, help: "Print lines for a crontab"),
            .option(
                "--out",
                value: "DIR",
                to: \.folder,
                completion: .directories,
                help: "Write the units there instead"
            ),
            .option("--config", value: "FILE", to: \.config, completion: .files, help: "Read settings from FILE"),
        ] + OutputOptions.arguments.map { $0.lifted(\.output) }

    private struct NextRuns: Encodable {
        var jobs: [Job]

        struct Job: Encodable {
            var plan: String
            var job: ScheduledJob.Kind
            var schedule: String
            var timezone: String
            var next: [Instant]
        }
    }

    private struct Units: Encodable {
        var units: [SystemdUnit]
    }

    private struct Crontab: Encodable {
        var text: String
    }

    func run(in context: CommandContext) async throws {
        guard !(forSystemd && forCron) else {
            throw Diagnostic(.usage, "--systemd and --cron exclude each other", hint: "Use one of them.")
        }
        guard folder == nil || forSystemd else {
            throw Diagnostic(.usage, "--out needs --systemd", hint: "Add --systemd.")
        }
        let choice = SettingsChoice(config: config)
        let settings = try choice.load(in: context)
        let jobs = try ScheduledJob.all(of: settings.plans(named: plans), areNamed: !plans.isEmpty)
        let console = context.console(output)
        if forSystemd {
            let host = try ScheduleHost(choice.path(in: context) ?? settings.path, in: context)
            let units = try SystemdUnits(jobs, on: host, now: context.now()) { plan in
                plan.repositories.compactMap { settings.repository($0) }.compactMap {
                    RepositoryPlace($0, in: context).folder
                }
            }
            return try await deliver(units.units, on: console, in: context)
        }
        if forCron {
            let host = try ScheduleHost(choice.path(in: context) ?? settings.path, in: context)
            let text = CrontabLines(jobs, on: host).text
            if output.format == .json { return try console.answer("crontab", Crontab(text: text)) }
            return console.answer(text: text)
        }
        try show(jobs, now: context.now(), on: console)
    }

    private func deliver(_ units: [SystemdUnit], on console: Console, in context: CommandContext) async throws {
        if let folder {
            let place = context.absolute(folder).tidyPath
            try await onEngineThread(context.stop) {
                for unit in units {
                    let file = try AtomicFile(path: "\(place)/\(unit.name)", .replace)
                    try file.write(text: unit.text)
                    try file.finish()
                }
            }
            for unit in units { console.talk(StyledText("wrote \(place)/\(unit.name)")) }
            let timers = units.map(\.name).filter { $0.hasSuffix(".timer") }.map(shellQuoted).joined(separator: " ")
            console.talk(StyledText("Now: systemctl daemon-reload && systemctl enable --now \(timers)"))
        }
        if output.format == .json { return try console.answer("systemd-units", Units(units: units)) }
        guard folder == nil else { return }
        console.answer(text: units.map { "# \($0.name)\n\($0.text)" }.joined(separator: "\n"))
    }

    private func show(_ jobs: [ScheduledJob], now: Instant, on console: Console) throws {
        if output.format == .json {
            let rows = jobs.map { job in
                NextRuns.Job(
                    plan: job.plan.name,
                    job: job.kind,
                    schedule: job.schedule.text,
                    timezone: job.zone.name,
                    next: job.next(count, after: now)
                )
            }
            return try console.answer("schedule", NextRuns(jobs: rows))
        }
        var table = Table([
            .init("PLAN"), .init("JOB"), .init("LOCAL TIME"), .init("ZONE"), .init("UTC"), .init("IN", .right),
        ])
        let runs = jobs.flatMap { job in job.next(count, after: now).map { (job, $0) } }.sorted { $0.1 < $1.1 }
        for (job, instant) in runs {
            table.add([
                StyledText(job.plan.name), StyledText(job.kind.rawValue), StyledText(job.zone.civil(at: instant).text),
                StyledText(job.zone.name), StyledText(instant.description, .dim), StyledText((instant - now).inOneUnit),
            ])
        }
        console.answer(lines: table.lines(width: console.outputWidth))
    }
}

extension ScheduleHost {
    /// This machine; throws when it cannot tell where this program or its keys are.
    init(_ config: String, in context: CommandContext) throws {
        let keyring = try KeyOptions.folder(context)
        let home = String(keyring.dropLast("/lifeboat".count))
        self.init(
            executable: try Self.executable(),
            config: context.absolute(config).tidyPath,
            user: getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? String(geteuid()),
            configurationHome: home,
            // What cron and systemd take for the home is in the password file, whatever HOME says here.
            hasUsualHome: getpwuid(geteuid()).map { String(cString: $0.pointee.pw_dir) + "/.config" == home } ?? false
        )
    }

    private static func executable() throws -> String {
        guard let path = realpath("/proc/self/exe", nil) else {
            throw Diagnostic(
                .fileAccess,
                "cannot tell where this program is",
                cause: "/proc/self/exe: " + String(cString: strerror(errno)),
                hint: "Run this where /proc is mounted."
            )
        }
        defer { free(path) }
        return String(cString: path)
    }
}

extension CivilTime {
    /// `Sat 2026-11-21 02:00`.
    fileprivate var text: String {
        let names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        return
            "\(names[weekday]) \(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2)) \(padded(hour, 2)):\(padded(minute, 2))"
    }
}

extension String {
    /// An absolute path without `.` and doubled slashes; `..` stays, because links make it mean something.
    var tidyPath: String {
        let parts = split(separator: "/").filter { $0 != "." }
        return "/" + parts.joined(separator: "/")
    }
}
