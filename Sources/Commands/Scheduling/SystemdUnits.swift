import Diagnostics
import Model
import Policy
import PostgresClient
import Settings

/// A file of systemd.
struct SystemdUnit: Sendable, Encodable {
    let name: String
    let text: String
}

/// The units of scheduled jobs: a service and a timer each, and one unit that speaks up when a service failed.
struct SystemdUnits: Sendable {
    let units: [SystemdUnit]

    /// What a failed service starts; `%n` is its whole name.
    private static let failureTemplate = "lifeboat-failure@"
    /// How far timers of many machines are spread, so that they do not all begin at once.
    static let randomizedDelay = Duration.seconds(300)

    /// Writes the units as they are right from `now` on; throws for a schedule that systemd cannot keep.
    init(
        _ jobs: [ScheduledJob],
        on host: ScheduleHost,
        now: Instant,
        repositories: (PlanSettings) -> [String]
    ) throws {
        let pairs = try jobs.flatMap { job in
            [Self.service(job, host, repositories(job.plan)), try Self.timer(job, now: now)]
        }
        units = pairs + [Self.failure]
    }

    /// `lifeboat-backup@shop`; the names of plans hold only what the names of units may.
    private static func name(_ job: ScheduledJob) -> String {
        "lifeboat-\(job.kind.rawValue)@\(job.plan.name)"
    }

    private static func service(_ job: ScheduledJob, _ host: ScheduleHost, _ repositories: [String]) -> SystemdUnit {
        // One that is not there, such as a disk that is not mounted, must not keep the run from all the others.
        let writable = (repositories + (job.plan.scratch?.folder.map { [$0] } ?? [])).map { quoted("-" + $0) }
            .joined(separator: " ")
        let text = """
            [Unit]
            Description=Lifeboat \(job.kind.rawValue) of \(job.plan.name)
            Wants=network-online.target
            After=network-online.target
            \(mounts(repositories))
            OnFailure=\(failureTemplate)%n.service

            [Service]
            Type=oneshot
            User=\(host.user)
            ExecStart=\(job.command(on: host).map(quoted).joined(separator: " "))
            # Passwords and the variables that the settings name, one NAME=value a line; mode 0600.
            EnvironmentFile=-\(specifiersEscaped("/etc/lifeboat/\(job.plan.name).env"))
            Environment=\(quoted("XDG_CONFIG_HOME=" + host.configurationHome))
            \(pingRemark(job))
            UMask=0077
            Nice=10
            IOSchedulingClass=best-effort
            IOSchedulingPriority=7
            NoNewPrivileges=yes
            ProtectSystem=strict
            ProtectHome=read-only
            ReadWritePaths=\(writable)
            \(privateFolders(job))
            PrivateDevices=yes
            ProtectKernelTunables=yes
            ProtectKernelModules=yes
            ProtectKernelLogs=yes
            ProtectControlGroups=yes
            ProtectClock=yes
            ProtectHostname=yes
            RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
            \(namespaces(job))
            RestrictRealtime=yes
            RestrictSUIDSGID=yes
            LockPersonality=yes
            SystemCallArchitectures=native

            """
        return SystemdUnit(name: name(job) + ".service", text: text)
    }

    /// A drill's scratch cluster lives in the temporary folder; a backup needs none, and a server's socket may be there.
    private static func privateFolders(_ job: ScheduledJob) -> String {
        job.kind == .drill && job.plan.scratch?.folder == nil
            ? "# The scratch cluster lies in a /tmp of its own; a drill reaches no other server.\nPrivateTmp=yes"
            : "# No PrivateTmp: a server's socket, or the scratch folder, may lie in /tmp."
    }

    private static func namespaces(_ job: ScheduledJob) -> String {
        job.kind == .drill
            ? "# No RestrictNamespaces: a drill gives its scratch cluster a network of its own, which leads nowhere."
            : "RestrictNamespaces=yes"
    }

    /// A disk that is missing keeps the run from a repository of its own, and must not keep it from the others.
    private static func mounts(_ repositories: [String]) -> String {
        repositories.count == 1
            ? "RequiresMountsFor=\(quoted(repositories[0]))"
            : "# No RequiresMountsFor: a disk that is missing must not keep the run from the other repositories."
    }

    private static func pingRemark(_ job: ScheduledJob) -> String {
        let (url, key): (String?, String)
        switch job.kind {
        case .backup: (url, key) = (job.plan.pingURL, "ping")
        case .drill: (url, key) = (job.plan.drillPingURL, "drillPing")
        case .prune, .verify: return "# No watching service is called: OnFailure= speaks up when the run ends badly."
        }
        return url == nil
            ? "# Set 'notifications.\(key)' of the plan to have a watching service called when a run ends."
            : "# The run itself calls 'notifications.\(key)' of the plan when it ends, with /fail when it ends badly."
    }

    private static func timer(_ job: ScheduledJob, now: Instant) throws -> SystemdUnit {
        let calendar: [String]
        do {
            calendar = try job.schedule.systemdCalendar(zone: job.zone, now: now)
        } catch {
            throw Diagnostic(
                .settingsInvalid,
                "systemd cannot keep the \(job.kind.rawValue) schedule of plan '\(job.plan.name)'",
                cause: error.description,
                hint: "Choose another time, or use --cron."
            )
        }
        let text = """
            # \(specifiersEscaped(job.schedule.text)) in \(job.zone.name)
            [Unit]
            Description=Schedule of the Lifeboat \(job.kind.rawValue) of \(job.plan.name)

            [Timer]
            \(calendar.map { "OnCalendar=" + $0 }.joined(separator: "\n"))
            # A run that was missed while the machine was off is made up for.
            Persistent=true
            RandomizedDelaySec=\(randomizedDelay.components.seconds)
            FixedRandomDelay=true
            AccuracySec=1s

            [Install]
            WantedBy=timers.target

            """
        return SystemdUnit(name: name(job) + ".timer", text: text)
    }

    private static let failure = SystemdUnit(
        name: failureTemplate + ".service",
        text: """
            [Unit]
            Description=Report that %i failed

            [Service]
            Type=oneshot
            # Replace this by whatever reaches you: a mail, a message, a page.
            ExecStart=/usr/bin/logger --priority user.crit --tag lifeboat "%i failed: see journalctl --unit=%i"

            """
    )

    /// A word of a command line in a unit.
    private static func quoted(_ word: String) -> String {
        let safe = specifiersEscaped(word)
        let isPlain = safe.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "/._-@:+,=%".utf8.contains(byte)
            }
        }
        guard !isPlain || safe.isEmpty else { return safe }
        let inner = safe.replacingEach("\\", with: "\\\\").replacingEach("\"", with: "\\\"")
            .replacingEach("$", with: "$$")
        return "\"\(inner)\""
    }

    private static func specifiersEscaped(_ text: String) -> String { text.replacingEach("%", with: "%%") }
}
