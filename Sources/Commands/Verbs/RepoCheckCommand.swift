import CommandLineKit
import Diagnostics
import Model
import Repository
import Terminal

/// `lifeboat repo check`: tries the store again and compares it with what was recorded.
struct RepoCheckCommand: LifeboatCommand {
    var repository = ""
    var config: String?
    var output = OutputOptions()

    static let name = "repo check"
    static let summary = "Try a repository's store again and say what changed"
    static let discussion = """
        A bucket that was moved, a gateway that was replaced, or a folder that became a network mount may guarantee less than \
        when the repository was made. Nothing but one small object is written, and it is removed again.
        """
    static let examples = [CommandExample("The repository of a plan", "lifeboat repo check eu")]
    static let exitStatuses = CommandExitStatus.reading
    static let arguments: [Argument<Self>] =
        [
            .positional("REPO", to: \.repository, required: true, help: "A name in lifeboat.json, a folder, or a URL"),
            .option("--config", value: "FILE", to: \.config, completion: .files, help: "Read settings from FILE"),
        ]
        + OutputOptions.arguments.map { $0.lifted(\.output) }

    private struct Answer: Encodable, Sendable {
        var repository: String
        var id: String
        var created: Instant
        var guarantees: StoreCapabilities
        var now: StoreCapabilities
        var changes: [String]
    }

    func run(in context: CommandContext) async throws {
        let answer = try await onEngineThread(context.stop) {
            let store = try RepositoryChoice(typed: repository, config: config).store(in: context)
            let opened = try Repository.open(store, keyring: try KeyOptions().keyring(in: context))
            let recorded = opened.descriptor.capabilities
            let now = try opened.probe()
            return Answer(
                repository: opened.place,
                id: opened.descriptor.id,
                created: opened.descriptor.created,
                guarantees: recorded,
                now: now,
                changes: now.changes(since: recorded)
            )
        }
        let console = context.console(output)
        switch output.format {
        case .json: try console.answer("repository-check", answer)
        case .text:
            console.answer(StyledText("\(answer.repository), id \(answer.id), made \(answer.created)"))
            for fact in answer.now.facts { console.answer(RepoInitCommand.line(fact.guarantee, fact.holds)) }
            for change in answer.changes { console.answer(StyledText("changed: \(change)", .boldRed)) }
            if answer.changes.isEmpty { console.answer("as recorded when it was made") }
        }
        if !answer.changes.isEmpty { throw CommandOutcome(status: .repository) }
    }
}
