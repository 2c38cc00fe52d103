import AgeEncryption
import CommandLineKit
import Diagnostics
import Model
import Repository
import Terminal

/// `lifeboat repo admit`: lets another machine read indexes and records of a repository from now on.
struct RepoAdmitCommand: LifeboatCommand {
    var host = ""
    var repository = RepositoryOptions()
    var turnsAway = false
    var output = OutputOptions()

    static let name = "repo admit"
    static let summary = "Let another machine build on the points of a repository"
    static let discussion = """
        Points and records that are written from now on are encrypted for that machine too: names, sizes and what was \
        found, so that it can build its own points on them; never rows. Name it by what 'lifeboat key show' calls 'this host' \
        there. It must also be believed: 'lifeboat key trust' with what it signs as, on every machine that reads here.

        With --remove nothing more is encrypted for it; what was, it can still read. Take its signer out of \
        'trusted-signers' in the keyring of every other machine as well, so that it cannot write here unnoticed.
        """
    static let examples = [
        CommandExample("A second backup host", "lifeboat repo admit age1… --from ./backups"),
        CommandExample("One that was stolen", "lifeboat repo admit --remove age1… --from ./backups"),
    ]
    static let exitStatuses = CommandExitStatus.reading
    static let arguments: [Argument<Self>] =
        [
            .positional("HOST", to: \.host, required: true, help: "The other machine's age recipient: age1…"),
            .flag("--remove", to: \.turnsAway, help: "Encrypt nothing more for it"),
        ]
        + RepositoryOptions.arguments.map { $0.lifted(\.repository) }
        + OutputOptions.arguments.map { $0.lifted(\.output) }

    private struct Answer: Encodable, Sendable {
        var repositories: [Admission]
    }

    private struct Admission: Encodable, Sendable {
        var repository: String
        var hosts: [String]
        /// Whether that was so before.
        var wasSo: Bool
    }

    func run(in context: CommandContext) async throws {
        let answer = try await onEngineThread(context.stop) { try change(in: context) }
        let console = context.console(output)
        switch output.format {
        case .json: try console.answer("admission", answer)
        case .text:
            for admission in answer.repositories {
                let words = turnsAway ? "nothing more is encrypted for" : "what is written from now on is also for"
                let said = admission.wasSo ? " already" : ""
                console.answer(StyledText("\(admission.repository): \(words) \(host)\(said)"))
            }
        }
    }

    private func change(in context: CommandContext) throws -> Answer {
        let recipient = try X25519Recipient(host).text
        let places = try PlanRepositories(
            try repository.places(whole: true, in: context),
            try KeyOptions().keyring(in: context),
            in: context
        )
        if let failure = places.failures.first { throw failure.error }
        return Answer(
            repositories: try places.opened.map { place in
                let hosts = place.repository.descriptor.hosts
                let wasSo = hosts.contains(recipient) != turnsAway
                let revised =
                    wasSo
                    ? place.repository
                    : try place.repository.revised { descriptor in
                        descriptor.hosts.removeAll { $0 == recipient }
                        if !turnsAway { descriptor.hosts.append(recipient) }
                    }
                return Admission(repository: place.name, hosts: revised.descriptor.hosts, wasSo: wasSo)
            }
        )
    }
}
