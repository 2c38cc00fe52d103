import CommandLineKit
import Diagnostics
import Model
import PostgresClient
import Repository
import Settings
import Streams
import Terminal

/// `lifeboat diff`: what changed between two points, or since a point.
struct DiffCommand: LifeboatCommand {
    var before = "latest"
    var after: String?
    var live: String?
    var liveVariable: String?
    var counts = false
    var repository = RepositoryOptions()
    var keys = KeyOptions()
    var output = OutputOptions()

    static let name = "diff"
    static let summary = "Compare definitions and row counts of two points, or of a point and a database"
    static let discussion = """
        Compares object by object: definitions, owners, privileges, comments, settings. With one point and no --live, the \
        database is the one that the plan in lifeboat.json names. A database is only read, in one transaction.

        The status is 0 when the definitions are the same and 4 when they differ. Rows do not count for it: they are listed \
        below, from both points' own counts, or from the planner's estimates of a database unless --count is given.
        """
    static let examples = [
        CommandExample("Between two points", "lifeboat diff oldest latest --from ./backups"),
        CommandExample("What drifted since", "lifeboat diff latest --from ./backups --live 'host=db1 dbname=shop'"),
        CommandExample("For a pipeline", "lifeboat diff --format json | jq '.objects[].object'"),
    ]
    static let exitStatuses =
        CommandExitStatus.reading + [
            CommandExitStatus(.objectiveMissed, "the definitions differ"), CommandExitStatus(.database, "a database"),
        ]
    static let arguments: [Argument<Self>] =
        [
            .positional("BEFORE", to: \.before, required: false, help: "latest, oldest, proven, or a point's name"),
            .positional("AFTER", to: \.after, help: "A later point, or a database"),
            .option("--live", value: "DATABASE", to: \.live, help: "Compare with this URL or key=value database"),
            .option("--live-env", value: "VAR", to: \.liveVariable, help: "Compare with the database that VAR names"),
            .flag("--count", to: \.counts, help: "Count the rows of the database, which reads every table"),
        ]
        + RepositoryOptions.arguments.map { $0.lifted(\.repository) }
        + KeyOptions.arguments.map { $0.lifted(\.keys) }
        + OutputOptions.arguments.map { $0.lifted(\.output) }

    func run(in context: CommandContext) async throws {
        let database = try liveSettings(in: context)
        let answer = try await onEngineThread(context.stop) {
            let opened = try repository.ofPlan(in: before, in: context).open(keys, in: context)
            let plan = try repository.planName()
            let first = try ComparedDatabase(point: before, in: opened, plan: plan, keys: keys, context: context)
            if let after = laterPoint {
                return DiffAnswer(
                    first,
                    try ComparedDatabase(point: after, in: opened, plan: plan, keys: keys, context: context)
                )
            }
            guard let settings = try database ?? source(of: first.plan, in: context) else {
                throw Diagnostic(
                    .usage,
                    "there is nothing to compare with",
                    hint: "Name a second point, or a database with --live, or keep the plan's source in lifeboat.json."
                )
            }
            return DiffAnswer(first, try ComparedDatabase(live: settings, counts: counts, stop: context.stop))
        }
        let console = context.console(output)
        switch output.format {
        case .json: try console.answer("diff", answer)
        case .text: DiffText(answer).lines(width: console.outputWidth).forEach(console.answer)
        }
        if !answer.isSame { throw CommandOutcome(status: .objectiveMissed) }
    }

    /// The second word, unless it is a database.
    private var laterPoint: String? { after.flatMap { SourceText.isSource($0) ? nil : $0 } }

    private func liveSettings(in context: CommandContext) throws -> ConnectionSettings? {
        guard [after, live, liveVariable].count(where: { $0 != nil }) <= 1 else {
            throw Diagnostic(
                .usage,
                "a second point, --live and --live-env cannot be combined",
                hint: "Compare with one of them."
            )
        }
        if let liveVariable { return try SourceText(variable: liveVariable, in: context).settings }
        return try (live ?? (laterPoint == nil ? after : nil)).map {
            try SourceText(typed: $0, orFrom: "--live-env").settings
        }
    }

    /// The source of the plan that the point belongs to, where the settings know it.
    private func source(of plan: PlanName?, in context: CommandContext) throws -> ConnectionSettings? {
        guard let settings = try SettingsChoice(config: repository.config).loadIfPresent(in: context),
            let plan = plan.flatMap({ settings.plan($0.text) })
        else { return nil }
        switch plan.source {
        case .connection(let text): return try ConnectionSettings(text: text)
        case .environment(let variable): return try SourceText(variable: variable, in: context).settings
        }
    }
}
