import AgeEncryption
import CommandLineKit
import Diagnostics
import Repository
import Terminal

/// `lifeboat key protect`: puts a passphrase on the identity that opens every backup.
struct KeyProtectCommand: LifeboatCommand {
    var output = OutputOptions()

    static let name = "key protect"
    static let summary = "Protect the operator's identity with a passphrase"
    static let discussion = """
        Restores and drills ask for the passphrase from then on, or read it from the file that LIFEBOAT_PASSPHRASE_FILE \
        names. Backups need none. The file stays one that 'age -d' can open.

        What was in the file before may still be found on the disk and in copies of it.
        """
    static let examples = [
        CommandExample("Asks twice", "lifeboat key protect"),
        CommandExample("In a script", "LIFEBOAT_PASSPHRASE_FILE=/run/secrets/backup lifeboat key protect"),
    ]
    static let exitStatuses = CommandExitStatus.reading
    static let arguments: [Argument<Self>] = OutputOptions.arguments.map { $0.lifted(\.output) }

    private struct Answer: Encodable {
        var identity: String
        var state: OperatorIdentityState
    }

    func run(in context: CommandContext) async throws {
        let answer = try await onEngineThread(context.stop) {
            let keyring = try KeyOptions().keyring(in: context)
            try Self.requireOpen(keyring)
            try keyring.protectOperatorIdentity(with: try KeyOptions.newPassphrase(context))
            return Answer(identity: keyring.operatorIdentityPath, state: try keyring.operatorIdentityState())
        }
        let console = context.console(output)
        switch output.format {
        case .json: try console.answer("key-protected", answer)
        case .text: console.answer(StyledText("\(answer.identity) is protected; the passphrase was tried and opens it"))
        }
    }

    /// Asks for no passphrase that could not be used.
    private static func requireOpen(_ keyring: Keyring) throws {
        if try keyring.operatorIdentityState() == .open { return }
        // The refusal is the engine's own, in its words; the passphrase is never reached.
        try keyring.protectOperatorIdentity(with: SecretBytes(utf8: ""))
    }
}

extension KeyOptions {
    /// From the file that `LIFEBOAT_PASSPHRASE_FILE` names, else asked twice on the terminal.
    static func newPassphrase(_ context: CommandContext) throws -> SecretBytes {
        let passphrase: SecretBytes
        if context.environment["LIFEBOAT_PASSPHRASE_FILE"] != nil {
            passphrase = try Self.passphrase(context)
        } else {
            let prompt = try Prompt(orElse: "Name a file with the passphrase in LIFEBOAT_PASSPHRASE_FILE.")
            passphrase = SecretBytes(utf8: try prompt.newPassphrase("New passphrase"))
        }
        guard passphrase.count >= 8 else {
            throw Diagnostic(
                .usage,
                "the passphrase is too short",
                cause: "it has \(passphrase.count) bytes, and at least 8 are needed",
                hint: "Use several words."
            )
        }
        return passphrase
    }
}
