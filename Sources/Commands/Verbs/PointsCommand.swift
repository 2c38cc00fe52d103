import CommandLineKit
import Diagnostics
import Model
import Repository
import Terminal

/// `lifeboat points`: what there is to go back to.
struct PointsCommand: LifeboatCommand {
    var last = 100
    var showsAll = false
    var repository = RepositoryOptions()
    var keys = KeyOptions()
    var output = OutputOptions()

    static let name = "points"
    static let summary = "List the recovery points"
    static let discussion = """
        Of a plan with several repositories every point is listed once, with the repositories that hold a copy of it. It is \
        damaged when no copy is sound. The newest 100 points are shown, and only these are read.
        """
    static let examples = [
        CommandExample("The points in a folder", "lifeboat points --from ./backups"),
        CommandExample(
            "The newest point's name, for a script",
            "lifeboat points --format json | jq -r '.points[-1].name'"
        ),
    ]
    static let exitStatuses = CommandExitStatus.reading
    static let arguments: [Argument<Self>] =
        [
            .option("--last", value: "COUNT", to: \.last, in: 1...1_000_000, help: "Show so many of the newest"),
            .flag("--all", to: \.showsAll, help: "Show all of them"),
        ]
        + RepositoryOptions.argumentsWithDeleted.map { $0.lifted(\.repository) }
        + KeyOptions.arguments.map { $0.lifted(\.keys) }
        + OutputOptions.arguments.map { $0.lifted(\.output) }

    func run(in context: CommandContext) async throws {
        let (found, warnings) = try await onEngineThread(context.stop) {
            let places = try PlanRepositories(repository, keys, in: context, for: .reading)
            let plan = try repository.planName()
            let found = try PointRow.newest(showsAll ? nil : last, in: places, plan: plan)
            if found.rows.isEmpty { try places.requirePlan(plan, of: repository) }
            return (found, places.warnings)
        }
        let console = context.console(output)
        for warning in warnings { console.warn(warning, as: output.format) }
        switch output.format {
        case .json: try console.answer("points", PointRows(points: found.rows, older: found.older))
        case .text:
            Self.print(found.rows, on: console)
            if found.older > 0 {
                let count = found.older == 1 ? "1 older point is" : "\(found.older) older points are"
                console.talk("\(count) not shown; show more with --last COUNT or --all.")
            }
        }
    }

    private static func print(_ rows: [PointRow], on console: Console) {
        guard !rows.isEmpty else { return console.talk("no recovery points yet") }
        let hasCopies = rows.contains { $0.copies != nil }
        var table = Table(
            [
                .init("POINT"), .init("RECOVERY INSTANT"), .init("DATABASE", .right), .init("READ", .right),
                .init("STORED", .right), .init("STATE"),
            ] + (hasCopies ? [.init("COPIES")] : [])
        )
        for row in rows {
            table.add(
                [
                    StyledText(row.name.description),
                    StyledText(row.recoveryInstant?.description ?? "?"),
                    StyledText(row.bytesRepresented.map(byteText) ?? "?"),
                    StyledText(row.bytesRead.map(byteText) ?? "?"),
                    StyledText(row.bytesStored.map(byteText) ?? "?"),
                    row.styledState,
                ] + (hasCopies ? [row.styledCopies] : [])
            )
        }
        console.answer(lines: table.lines(width: console.outputWidth))
    }
}
