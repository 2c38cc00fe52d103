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
    var turn = TurnOptions()
    var repository = RepositoryOptions()
    var keys = KeyOptions()
    var output = OutputOptions()

    static let name = "hold"
    static let summary = "Keep a point whatever retention says"
    static let discussion = """
        A held point is never removed by 'lifeboat prune'. The hold and its reason are signed records in the repository, so \
        every machine that prunes there sees them. In a plan with several repositories every copy is held.
        """
    static let examples = [
        CommandExample("Before a migration", "lifeboat hold latest --reason 'before the move to v2'"),
        CommandExample("When it is over", "lifeboat hold shop/20261121T020000Z --release"),
        CommandExample("What is held", "lifeboat points | grep held"),
    ]
    static let exitStatuses =
        CommandExitStatus.reading + [
            CommandExitStatus(.busy, "a prune is running; hold the point when it has ended, or --wait"),
            CommandExitStatus(.partial, "done in some repositories of the plan, not in all"),
        ]
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
        + TurnOptions.arguments.map { $0.lifted(\.turn) }
        + RepositoryOptions.arguments.map { $0.lifted(\.repository) }
        + KeyOptions.arguments.map { $0.lifted(\.keys) }
        + OutputOptions.arguments.map { $0.lifted(\.output) }

    private struct Answer: Encodable {
        var point: PointName
        /// Why it is held; absent when it is not.
        var reason: String?
        /// Why it was held before.
        var before: String?
        /// The repositories in which this is so now.
        var repositories: [String]
    }

    func run(in context: CommandContext) async throws {
        guard releases != (reason != nil), reason?.isEmpty != true else {
            throw Diagnostic(
                .usage,
                releases ? "--reason and --release exclude each other" : "no reason is given",
                hint: "Say why with --reason TEXT, or lift the hold with --release."
            )
        }
        let console = context.console(output)
        let patience = turn.patience(context.stop, on: console)
        let (answer, missed, remarks) = try await onEngineThread(context.stop) { try change(in: context, patience) }
        for remark in remarks { console.warn(remark, as: output.format) }
        switch output.format {
        case .json: try console.answer("hold", answer)
        case .text: console.answer(StyledText(Self.text(answer)))
        }
        if let missed { throw missed }
    }

    /// Changes every copy; one that cannot be changed makes it partial, and none that first error.
    private func change(
        in context: CommandContext,
        _ turn: TurnPatience
    ) throws -> (Answer, missed: Diagnostic?, remarks: [Diagnostic]) {
        let copies = try repository.ofPlan(in: point, in: context).places(whole: true, in: context)
        let places = try PlanRepositories(copies, try keys.keyring(in: context), in: context)
        let name = try places.resolve(point, plan: try repository.planName())
        var answer = Answer(point: name, reason: reason, before: nil, repositories: [])
        var failures = places.failures
        // One time for all: it is one hold.
        let now = context.now()
        for place in places.opened {
            do {
                guard try place.repository.store.info(Layout.point(name)) != nil else { continue }
                let before = try place.repository.hold(
                    name,
                    reason: reason,
                    tool: Tool.full,
                    now: now,
                    turn: turn
                )
                answer.before = answer.before ?? before
                answer.repositories.append(place.name)
            } catch {
                failures.append((place.name, Commands.diagnostic(for: error)))
            }
        }
        guard let first = failures.first else { return (answer, nil, places.remarks) }
        guard !answer.repositories.isEmpty else { throw first.error }
        let names = failures.map { "'\($0.name)'" }.joined(separator: ", ")
        let missed = Diagnostic(
            .partial,
            "the \(releases ? "release" : "hold") of \(name) did not reach \(names)",
            cause: first.error.summary,
            hint: first.error.code == .settingsInvalid
                ? first.error.hint
                : "Do it again when that repository can be written; a prune there does not know of it."
        )
        return (answer, missed, places.remarks)
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
