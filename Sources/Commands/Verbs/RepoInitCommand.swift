import CommandLineKit
import Diagnostics
import Model
import Repository
import Terminal

/// `lifeboat repo init`: makes a repository and writes down what its store guarantees.
struct RepoInitCommand: LifeboatCommand {
    var repository = ""
    var singleKey = false
    var config: String?
    var output = OutputOptions()

    static let name = "repo init"
    static let summary = "Make a repository and record what its store guarantees"
    static let discussion = """
        Tries the store before it relies on it: what was written must read back and be listed, and creating a name twice \
        must fail. What was found is signed into the repository. The first backup into an empty place does the same by \
        itself; this tells the result beforehand.
        """
    static let examples = [
        CommandExample("A folder", "lifeboat repo init ./backups"),
        CommandExample("One that lifeboat.json names", "lifeboat repo init eu"),
    ]
    static let exitStatuses = CommandExitStatus.reading
    static let arguments: [Argument<Self>] =
        [
            .positional("REPO", to: \.repository, required: true, help: "A name in lifeboat.json, a folder, or a URL"),
            .flag("--single-key", to: \.singleKey, help: "Insist on a repository that only one key can open"),
            .option("--config", value: "FILE", to: \.config, completion: .files, help: "Read settings from FILE"),
        ]
        + OutputOptions.arguments.map { $0.lifted(\.output) }

    private struct Answer: Encodable, Sendable {
        var repository: String
        var id: String
        var created: Instant
        var guarantees: StoreCapabilities
    }

    func run(in context: CommandContext) async throws {
        let (answer, advice) = try await onEngineThread(context.stop) {
            let (keyring, keysMade) = try KeyOptions().keyringOrNew(in: context)
            let made = try Repository.create(
                in: try RepositoryChoice(typed: repository, config: config).store(in: context),
                keyring: keyring,
                singleKey: singleKey,
                now: context.now()
            )
            let answer = Answer(
                repository: made.place,
                id: made.descriptor.id,
                created: made.descriptor.created,
                guarantees: made.descriptor.capabilities
            )
            return (answer, EscrowAdvice(keyring, made: keysMade))
        }
        let console = context.console(output)
        switch output.format {
        case .json: try console.answer("repository-made", answer)
        case .text:
            console.answer(StyledText("made \(answer.repository), id \(answer.id)"))
            for fact in answer.guarantees.facts { console.answer(Self.line(fact.guarantee, fact.holds)) }
        }
        advice?.lines.forEach(console.talk)
    }

    /// One guarantee, and whether the store gives it.
    static func line(_ guarantee: String, _ holds: Bool) -> StyledText {
        StyledText(holds ? "  yes  " : "  no   ", holds ? .green : .yellow) + StyledText(guarantee)
    }
}
