import CommandLineKit
import Diagnostics
import Model
import Repository
import Terminal

/// `lifeboat hold`: keeps a point whatever retention says, or lets it go again.
struct HoldCommand: LifeboatCommand {
    var point = ""
    var reason: String?
    var releases = false
    var repository = RepositoryOptions()
    var keys = KeyOptions()
    var output = OutputOptions()

    static let name = "hold"
    static let summary = "Keep a point whatever retention says"
    static let discussion = """
        A held point is never removed by 'lifeboat prune'. The hold and its reason are signed records in the repository, so \
        every machine that prunes there sees them.
        """
    static let examples = [
        CommandExample("Before a migration", "lifeboat hold latest --reason 'before the move to v2'"),
        CommandExample("When it is over", "lifeboat hold shop/20261121T020000Z --release"),
        CommandExample("What is held", "lifeboat points | grep held"),
    ]
    static let exitStatuses =
        CommandExitStatus.reading + [CommandExitStatus(.busy, "a prune is running; hold the point when it has ended")]
    static let arguments: [Argument<Self>] =
        [
            .positional("POINT", to: \.point, required: true, help: "latest, oldest, proven, or a point's name"),
            .option(
                "--reason",
                value: "TEXT",
                to: \.reason,
                help: "Why it is kept; shown wherever the point is listed"
            ),
            .flag("--release", to: \.releases, help: "Let retention decide about it again"),
        ]
        + RepositoryOptions.arguments.map { $0.lifted(\.repository) }
        + KeyOptions.arguments.map { $0.lifted(\.keys) }
        + OutputOptions.arguments.map { $0.lifted(\.output) }

    private struct Answer: Encodable {
        var point: PointName
        /// Why it is held; absent when it is not.
        var reason: String?
        /// Why it was held before.
        var before: String?
    }

    func run(in context: CommandContext) async throws {
        guard releases != (reason != nil), reason?.isEmpty != true else {
            throw Diagnostic(
                .usage,
                releases ? "--reason and --release exclude each other" : "no reason is given",
                hint: "Say why with --reason TEXT, or lift the hold with --release."
            )
        }
        let answer = try await onEngineThread(context.stop) { try change(in: context) }
        let console = context.console(output)
        switch output.format {
        case .json: try console.answer("hold", answer)
        case .text: console.answer(StyledText(Self.text(answer)))
        }
    }

    private func change(in context: CommandContext) throws -> Answer {
        let opened = try repository.open(keys, in: context)
        let name = try opened.resolve(point, plan: try repository.planName())
        let before = try opened.hold(name, reason: reason, tool: Tool.full, now: context.now())
        return Answer(point: name, reason: reason, before: before)
    }

    private static func text(_ answer: Answer) -> String {
        switch (answer.reason, answer.before) {
        case (let reason?, nil): "held \(answer.point): \(reason)"
        case (let reason?, let before?) where reason == before: "\(answer.point) is held already: \(reason)"
        case (let reason?, let before?): "held \(answer.point): \(reason) (before: \(before))"
        case (nil, nil): "\(answer.point) was not held"
        case (nil, let before?): "released \(answer.point) (was held: \(before))"
        }
    }
}
