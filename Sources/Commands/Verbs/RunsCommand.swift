import CommandLineKit
import Diagnostics
import Model
import Repository
import Terminal

/// `lifeboat runs`: what was done with the points, by whom, and how it ended.
struct RunsCommand: LifeboatCommand {
    var last = 100
    var showsAll = false
    var onlyFailed = false
    var repository = RepositoryOptions()
    var keys = KeyOptions()
    var output = OutputOptions()

    static let name = "runs"
    static let summary = "List what was run, by whom, and how it ended"
    static let discussion = """
        Every backup, drill, verification, prune, hold and sync leaves a signed record in the repository, in a chain from \
        which none can be taken without a trace. A run that several repositories tell alike is listed once.
        """
    static let examples = [
        CommandExample("The last hundred", "lifeboat runs --from ./backups"),
        CommandExample("What went wrong", "lifeboat runs --failed --all"),
        CommandExample(
            "Drills, for a script",
            "lifeboat runs --all --format json | jq '.runs[] | select(.event == \"drill\")'"
        ),
    ]
    static let exitStatuses = CommandExitStatus.reading
    static let arguments: [Argument<Self>] =
        [
            .option("--last", value: "COUNT", to: \.last, in: 1...1_000_000, help: "Show so many of the newest"),
            .flag("--all", to: \.showsAll, help: "Show all of them"),
            .flag("--failed", to: \.onlyFailed, help: "Only those that failed, or did not do everything"),
        ]
        + RepositoryOptions.arguments.map { $0.lifted(\.repository) }
        + KeyOptions.arguments.map { $0.lifted(\.keys) }
        + OutputOptions.arguments.map { $0.lifted(\.output) }

    private struct Answer: Encodable {
        var runs: [RunRow]
        /// How many older ones are not shown.
        var older: Int
    }

    func run(in context: CommandContext) async throws {
        let (rows, hasSeveral, warnings) = try await onEngineThread(context.stop) {
            let places = try PlanRepositories(repository, keys, in: context, for: .reading)
            let plan = try repository.planName()
            let rows = try RunRow.all(in: places, plan: plan).filter { !onlyFailed || $0.result != .done }
            if rows.isEmpty { try places.requirePlan(plan, of: repository) }
            return (rows, places.count > 1, places.warnings)
        }
        let shown = showsAll ? rows : rows.suffix(last)
        let console = context.console(output)
        for warning in warnings { console.warn(warning, as: output.format) }
        switch output.format {
        case .json: try console.answer("runs", Answer(runs: shown, older: rows.count - shown.count))
        case .text:
            Self.print(shown, hasSeveral, on: console)
            guard rows.count > shown.count else { return }
            let count = rows.count - shown.count == 1 ? "1 older run is" : "\(rows.count - shown.count) older runs are"
            console.talk("\(count) not shown; show more with --last COUNT or --all.")
        }
    }

    private static func print(_ rows: [RunRow], _ hasSeveral: Bool, on console: Console) {
        guard !rows.isEmpty else { return console.talk("no runs yet") }
        var table = Table(
            [.init("STARTED"), .init("PLAN"), .init("RUN"), .init("TOOK", .right), .init("HOST"), .init("RESULT")]
                + (hasSeveral ? [.init("IN")] : [])
        )
        for row in rows {
            let ink: Ink? =
                switch row.result {
                case .done: nil
                case .partial: .yellow
                case .failed: .red
                }
            let point = row.point.map { "\($0.slot): " } ?? ""
            table.add(
                [
                    StyledText(row.started.description), StyledText(row.plan.text.onOneLine), StyledText(row.event),
                    StyledText(secondsText(row.seconds)), StyledText(row.host.onOneLine),
                    StyledText((point + row.detail).onOneLine, ink),
                ] + (hasSeveral ? [StyledText(row.repositories.joined(separator: ", "))] : [])
            )
        }
        console.answer(lines: table.lines(width: console.outputWidth))
    }
}
