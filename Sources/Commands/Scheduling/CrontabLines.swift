import Diagnostics
import Model
import Policy
import Settings

/// Lines for a user's crontab.
struct CrontabLines: Sendable {
    let text: String

    init(_ jobs: [ScheduledJob], on host: ScheduleHost) {
        var lines = [
            "# Lines for 'crontab -e' of \(host.user). Warnings and errors are mailed to MAILTO, answers are dropped.",
            "# cronie honours CRON_TZ; Debian's own cron does not and runs everything by the machine's zone.",
            "# Backups and drills call 'notifications.ping' and 'drillPing' when they end, with /fail when they end badly.",
            "MAILTO=\(host.user)",
        ]
        if !host.hasUsualHome { lines.append("XDG_CONFIG_HOME=\(host.configurationHome)") }
        for zone in Self.inOrder(jobs.map(\.zone.name)) {
            lines += ["", "CRON_TZ=\(zone)"]
            for job in jobs where job.zone.name == zone { lines.append(Self.line(job, host)) }
        }
        text = lines.joined(separator: "\n") + "\n"
    }

    private static func line(_ job: ScheduledJob, _ host: ScheduleHost) -> String {
        let command = job.command(on: host).map(shellQuoted).joined(separator: " ")
        // cron reads a bare percent sign as the end of the command.
        return "\(job.schedule.text) \(command.replacingEach("%", with: "\\%")) >/dev/null"
    }

    private static func inOrder(_ names: [String]) -> [String] {
        names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}
