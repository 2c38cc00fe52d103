import CommandLineKit
import Diagnostics
import Model
import Reports
import Repository
import Terminal

/// `lifeboat repo sync`: copies the points that another repository lacks.
struct RepoSyncCommand: LifeboatCommand {
    var source = ""
    var target = ""
    var turn = TurnOptions()
    var repository = PlanChoice()
    var output = OutputOptions()

    static let name = "repo sync"
    static let summary = "Copy missing points from one repository to another"
    static let discussion = """
        Copies what the second lacks, oldest first, and removes nothing. Archives are copied as they are and compared with \
        their recorded SHA-256 on the way, so no key that decrypts rows is needed; both repositories must have the same \
        recipients. What is there already is left alone: run it again after an interruption.
        """
    static let examples = [
        CommandExample("Two repositories of lifeboat.json", "lifeboat repo sync local eu"),
        CommandExample("Two folders, one plan", "lifeboat repo sync ./backups /mnt/usb/backups --plan shop"),
    ]
    static let exitStatuses = CommandExitStatus.working
    static let arguments: [Argument<Self>] =
        [
            .positional("FROM", to: \.source, required: true, help: "Where the points are"),
            .positional("TO", to: \.target, required: true, help: "Where they are missing"),
        ]
        + TurnOptions.arguments.map { $0.lifted(\.turn) }
        + PlanChoice.arguments.map { $0.lifted(\.repository) }
        + OutputOptions.arguments.map { $0.lifted(\.output) }

    private struct Answer: Encodable, Sendable {
        var from: String
        var to: String
        var plans: [Copied]
    }

    private struct Copied: Encodable, Sendable {
        var plan: PlanName
        var points: [PointName]
        var archives: Int
        var bytes: Int64
        var failed: [BadPoint]
    }

    func run(in context: CommandContext) async throws {
        let console = context.console(output)
        let patience = turn.patience(context.stop, on: console)
        let (answer, remarks) = try await onEngineThread(context.stop) { try copy(in: context, patience) }
        for remark in remarks { console.warn(remark, as: output.format) }
        switch output.format {
        case .json: try console.answer("sync", answer)
        case .text: Self.print(answer, on: console)
        }
        guard answer.plans.contains(where: { !$0.failed.isEmpty }) else { return }
        throw CommandOutcome(status: answer.plans.contains { !$0.points.isEmpty } ? .partial : .repository)
    }

    private func copy(in context: CommandContext, _ turn: TurnPatience) throws -> (Answer, remarks: [Diagnostic]) {
        let keyring = try KeyOptions().keyring(in: context)
        func open(_ typed: String) throws -> Repository {
            let choice = RepositoryChoice(typed: typed, config: repository.config)
            return try Repository.open(try choice.store(in: context), keyring: keyring)
        }
        let (from, to) = (try open(source), try open(target))
        let named = try repository.name()
        if let named { try from.requirePlan(named) }
        let plans = try named.map { [$0] } ?? from.plans()
        let copied = try plans.map { plan in
            let run = try to.copyPoints(
                of: plan,
                from: from,
                tool: Tool.full,
                host: context.host,
                stop: context.stop,
                turn: turn
            )
            return Copied(
                plan: plan,
                points: run.points.map(\.point),
                archives: run.archives,
                bytes: run.bytes,
                failed: run.failed
            )
        }
        return (Answer(from: from.place, to: to.place, plans: copied), from.remarks + to.remarks)
    }

    private static func print(_ answer: Answer, on console: Console) {
        for plan in answer.plans {
            for point in plan.points { console.answer(StyledText("copied   ", .green) + StyledText("\(point)")) }
            for bad in plan.failed {
                console.answer(StyledText("not copied  ", .boldRed) + StyledText("\(bad.point): \(bad.reason)"))
            }
        }
        let points = answer.plans.reduce(0) { $0 + $1.points.count }
        let archives = answer.plans.reduce(0) { $0 + $1.archives }
        let bytes = answer.plans.reduce(0) { $0 + $1.bytes }
        guard points > 0 || answer.plans.contains(where: { !$0.failed.isEmpty }) else {
            return console.answer("\(answer.to) has every point of \(answer.from)")
        }
        let amount = "\(counted(points, "point")), \(counted(archives, "archive")), \(byteText(bytes))"
        console.answer("\(amount) copied to \(answer.to)")
    }
}

/// Which plan of a repository that is named otherwise.
package struct PlanChoice: Sendable {
    package var plan: String?
    package var config: String?

    static let arguments: [Argument<Self>] = [
        .option("--plan", value: "PLAN", to: \.plan, help: "Only this plan; otherwise all that are there"),
        .option("--config", value: "FILE", to: \.config, completion: .files, help: "Read settings from FILE"),
    ]

    /// The plan that was named; throws for a name that cannot be one.
    func name() throws -> PlanName? { try RepositoryOptions(from: nil, plan: plan, config: config).planName() }
}
