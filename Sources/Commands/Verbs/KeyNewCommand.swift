import AgeEncryption
import CommandLineKit
import Diagnostics
import Repository
import Terminal

/// `lifeboat key new`: makes the keys of this machine, once.
struct KeyNewCommand: LifeboatCommand {
    var output = OutputOptions()

    static let name = "key new"
    static let summary = "Create the keys of this machine"
    static let discussion = """
        Creates an identity for the operator, one for the escrow sheet, one for this host, and a key that signs. Makes \
        only what is missing, and refuses where nothing is: whoever replaces keys can no longer read older backups.

        'lifeboat init' and the first backup do this by themselves.
        """
    static let examples = [CommandExample("Before the first backup", "lifeboat key new")]
    static let exitStatuses = CommandExitStatus.reading
    static let arguments: [Argument<Self>] = OutputOptions.arguments.map { $0.lifted(\.output) }

    private struct Answer: Encodable {
        var folder: String
        var escrowSheet: String
        var recipients: [String]
        var signer: String
    }

    func run(in context: CommandContext) async throws {
        let (keyring, made) = try await onEngineThread(context.stop) {
            let (keyring, made) = try KeyOptions().keyringOrNew(in: context)
            guard made != .nothing else {
                throw Diagnostic(
                    .keyInvalid,
                    "there are keys in '\(keyring.folder)' already",
                    cause: "new ones could not read what was encrypted to these",
                    hint: "See them with 'lifeboat key show'."
                )
            }
            return (keyring, made)
        }
        let console = context.console(output)
        switch output.format {
        case .json:
            try console.answer(
                "keys-created",
                Answer(
                    folder: keyring.folder,
                    escrowSheet: keyring.escrowSheetPath,
                    recipients: keyring.recipients,
                    signer: keyring.signer.verifyingKey.text
                )
            )
        case .text: console.answer(StyledText("created keys in \(keyring.folder)"))
        }
        EscrowAdvice(keyring, made: made)?.lines.forEach(console.talk)
    }
}
