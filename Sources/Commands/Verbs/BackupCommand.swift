import CommandLineKit
import Diagnostics
import Export
import Model
import PostgresClient
import Repository
import Settings
import Streams
import Terminal

/// `lifeboat backup`: take recovery points.
struct BackupCommand: LifeboatCommand {
    var plans: [String] = []
    var to: String?
    var sourceVariable: String?
    var planName: String?
    var config: String?
    var workers: Int?
    var level: Int?
    var limitRate: ByteRate?
    var maxLockWait: DurationArgument?
    var maxTime: DurationArgument?
    var turn = TurnOptions()
    var full = false
    var audit = false
    var exclude: [String] = []
    var excludeRows: [String] = []
    var keys = KeyOptions()
    var progress = ProgressOptions()
    var output = OutputOptions()

    static let name = "backup"
    static let summary = "Take a recovery point of a database"
    static let discussion = """
        Without settings: name a database and a folder. The first backup creates the repository and the keys, and says \
        what to put in escrow. With lifeboat.json: name plans, or none for all of them.

        A database is a URL or key=value as libpq reads it, without a password: use .pgpass, PGPASSWORD, a service file, \
        or --source-env.
        """
    static let examples = [
        CommandExample("One database into a folder", "lifeboat backup postgres://app@db1/shop --to ./backups"),
        CommandExample("The URL from the environment", "lifeboat backup --source-env DATABASE_URL --to ./backups"),
        CommandExample("All plans of lifeboat.json", "lifeboat backup"),
    ]
    static let exitStatuses = CommandExitStatus.working
    static let arguments: [Argument<Self>] =
        [
            .positionals("PLAN|DATABASE", to: \.plans, help: "Plans of lifeboat.json, or one database"),
            .option(
                "--to",
                value: "REPO",
                to: \.to,
                completion: .directories,
                help: "The repository, made when missing"
            ),
            .option(
                "--source-env",
                value: "VAR",
                to: \.sourceVariable,
                help: "Read the database's URL from this variable"
            ),
            .option("--plan", value: "NAME", to: \.planName, help: "Call the plan so; otherwise like the database"),
            .option("--config", value: "FILE", to: \.config, completion: .files, help: "Read settings from FILE"),
            .option(
                "--jobs",
                "-j",
                value: "COUNT",
                to: \.workers,
                in: 1...64,
                help: "Connections that read at once, 4 if not said"
            ),
            .option(
                "--level",
                value: "LEVEL",
                to: \.level,
                in: 1...19,
                help: "How hard zstd tries: higher is smaller and slower, 1 if not said"
            ),
            .option(
                "--limit-rate",
                value: "RATE",
                to: \.limitRate,
                help: "Move data no faster than this, such as 20MB/s"
            ),
            .option(
                "--max-lock-wait",
                value: "TIME",
                to: \.maxLockWait,
                help: "Give way when a session has waited this long for a table being read"
            ),
            .option("--max-time", value: "TIME", to: \.maxTime, help: "Give up a plan that takes longer than this"),
        ]
        + TurnOptions.arguments.map { $0.lifted(\.turn) } + [
            .flag("--full", to: \.full, help: "Read everything, changed or not"),
            .flag("--audit", to: \.audit, help: "Count every table a second time, without block ranges"),
            .options("--exclude", value: "PATTERN", to: \.exclude, help: "Leave out schema, schema.table or kind:name"),
            .options(
                "--exclude-rows",
                value: "PATTERN",
                to: \.excludeRows,
                help: "Keep these tables, leave out their rows"
            ),
        ]
        + KeyOptions.arguments.map { $0.lifted(\.keys) }
        + ProgressOptions.arguments.map { $0.lifted(\.progress) }
        + OutputOptions.arguments.map { $0.lifted(\.output) }

    func run(in context: CommandContext) async throws {
        let console = context.console(output)
        var results: [BackupResult] = []
        for job in try BackupJob.all(self, in: context) {
            results += context.stop.isRequested ? notBegun(job, on: console) : try await take(job, in: context, console)
        }
        if output.format == .json { try console.answer("backups", Answer(backups: results)) }
        guard results.exitStatus == .done else { throw CommandOutcome(status: results.exitStatus) }
    }

    /// What is left of a run that was stopped before this plan's turn.
    private func notBegun(_ job: BackupJob, on console: Console) -> [BackupResult] {
        console.talk(StyledText("plan '\(job.plan)' was not begun", .yellow))
        return job.places.map { BackupResult(job.plan, $0.name, .failure(.interrupted)) }
    }

    /// One plan into all of its repositories at once; one that fails does not keep the point from the others.
    private func take(_ job: BackupJob, in context: CommandContext, _ console: Console) async throws -> [BackupResult] {
        let counters = ExportProgress()
        let line = ProgressBridge(counters, of: job.displayName, progress, on: console)
        defer { line.finish() }
        let results: [BackupResult]
        do {
            limit(of: job)?.begin(job.stop) {
                counters.rangesTotal == 0
                    ? "what is there to read was not known yet"
                    : "\(byteText(counters.tableBytes)) of \(byteText(counters.tableBytesTotal)) of tables were read"
            }
            let outcome = try await onEngineThread(job.stop) {
                try BackupTask(
                    job: job,
                    command: self,
                    context: context,
                    turn: turn.patience(job.stop, on: console)
                ).run(counters)
            }
            line.finish()
            results = outcome.results
            for line in outcome.made { console.insist(StyledText(line)) }
            for remark in outcome.remarks { console.warn(remark, as: output.format) }
            if let keysMade = outcome.keysMade { keysMade.forEach(console.insist) }
        } catch let error as Diagnostic {
            line.finish()
            results = job.places.map { BackupResult(job.plan, $0.name, .failure(error)) }
        }
        tell(results, on: console)
        try await PingSignal(url: job.pingURL, environment: context.environment).send(
            results.exitStatus == .done,
            on: console,
            in: context
        )
        return results
    }

    private func limit(of job: BackupJob) -> TimeLimit? {
        (maxTime?.duration ?? job.settings?.maxBackupTime).map {
            TimeLimit(time: $0, run: "the backup of '\(job.plan)'", setting: "maxBackupTime")
        }
    }

    /// What became of one plan: an error that is everybody's is said once.
    private func tell(_ results: [BackupResult], on console: Console) {
        if output.format == .text { results.flatMap(\.text).forEach(console.answer) }
        if let alarm = results.lazy.compactMap(\.alarm).first { console.warn(alarm, as: output.format) }
        for error in results.failures where error.code != .interrupted {
            console.report(error, as: output.format, verbose: output.verbose)
        }
        if let interruption = results.interruption {
            console.report(interruption, as: output.format, verbose: output.verbose)
        }
        guard let whole = results.first(where: { $0.point != nil }), let point = whole.point,
            results.interruption == nil
        else { return }
        for missing in results where missing.point == nil {
            console.talk(
                "\(point) is not in \(missing.repository); later: lifeboat repo sync \(shellQuoted(whole.repository))"
                    + " \(shellQuoted(missing.repository))"
            )
        }
    }

    private struct Answer: Encodable {
        var backups: [BackupResult]
    }
}
