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
                help: "Connections that read at once (4)"
            ),
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
            results += try await take(job, in: context, console)
        }
        if output.format == .json { try console.answer("backups", Answer(backups: results)) }
        let failed = results.filter { $0.failure != nil }
        guard let first = failed.first?.diagnostic else { return }
        throw failed.count < results.count
            ? CommandOutcome(status: .partial) : CommandOutcome(status: first.code.exitStatus)
    }

    /// One plan into each of its repositories; a repository that fails does not keep the point from the others.
    private func take(_ job: BackupJob, in context: CommandContext, _ console: Console) async throws -> [BackupResult] {
        var results: [BackupResult] = []
        for place in job.places {
            let counters = ExportProgress()
            let line = ProgressBridge(counters, progress, on: console)
            defer { line.finish() }
            do {
                let outcome = try await onEngineThread(context.stop) {
                    try BackupTask(job: job, place: place, command: self, context: context).run(counters)
                }
                line.finish()
                let result = BackupResult(job.plan, place.name, outcome)
                if output.format == .text { outcome.text(place.name).forEach(console.answer) }
                if let keysMade = outcome.keysMade { keysMade.forEach(console.insist) }
                if let alarm = outcome.export.report.alarm { console.warn(alarm, as: output.format) }
                results.append(result)
            } catch let error as Diagnostic where error.code != .interrupted {
                line.finish()
                console.report(error, as: output.format, verbose: output.verbose)
                results.append(BackupResult(job.plan, place.name, failure: error))
            }
        }
        let isSuccess = results.allSatisfy { $0.failure == nil }
        try await PingSignal(url: job.pingURL, environment: context.environment).send(
            isSuccess,
            on: console,
            in: context
        )
        return results
    }

    private struct Answer: Encodable {
        var backups: [BackupResult]
    }
}

/// One plan's point in one repository, or why there is none.
struct BackupResult: Encodable {
    var plan: PlanName
    var repository: String
    var point: PointName?
    var recoveryInstant: Instant?
    var totals: BackupTotals?
    var tables: Int?
    var peakMemoryBytes: Int64?
    var phases: [Phase] = []
    var omissions: [Omission] = []
    var notices: [String] = []
    var failure: Failure?
    var diagnostic: Diagnostic?

    private enum CodingKeys: String, CodingKey {
        case plan, repository, point, recoveryInstant, totals, tables, peakMemoryBytes, phases, omissions, notices
        case failure
    }

    init(_ plan: PlanName, _ repository: String, _ outcome: BackupOutcome) {
        self.plan = plan
        self.repository = repository
        let report = outcome.export.report
        point = outcome.export.point.name
        recoveryInstant = outcome.export.point.manifest.recoveryInstant
        totals = report.totals
        tables = report.tables
        peakMemoryBytes = outcome.peakMemoryBytes
        phases = report.phases
        omissions = report.omissions
        notices = report.notices
    }

    init(_ plan: PlanName, _ repository: String, failure: Diagnostic) {
        self.plan = plan
        self.repository = repository
        self.failure = Failure(code: failure.code.rawValue, summary: failure.summary, cause: failure.cause)
        diagnostic = failure
    }
}
