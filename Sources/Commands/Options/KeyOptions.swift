import AgeEncryption
import CommandLineKit
import Diagnostics
import Repository
import Streams
import Terminal

/// Which keys open the repository.
package struct KeyOptions: Sendable {
    package var identity: String?

    static let arguments: [Argument<Self>] = [
        .option(
            "--identity",
            value: "FILE",
            to: \.identity,
            completion: .files,
            help: "Decrypt with this age identity file too"
        )
    ]

    /// The keyring of this machine, which asks for a passphrase where nothing else opens what is to be read.
    func keyring(in context: CommandContext) throws -> Keyring {
        try adding(to: Keyring.open(try Self.folder(context)), context).asking { try Self.passphrase(context) }
    }

    /// Whether this machine has keys already, sound or not.
    func hasKeyring(in context: CommandContext) -> Bool {
        (try? Self.folder(context)).map(Keyring.exists) ?? false
    }

    /// The keyring of this machine, made with fresh keys when there is none.
    ///
    /// As a guest of repositories that others made it gets nothing that opens rows, and no escrow sheet.
    func keyringOrNew(
        asGuest isGuest: Bool = false,
        in context: CommandContext
    ) throws -> (keyring: Keyring, made: KeysMade) {
        let folder = try Self.folder(context)
        let (keyring, made) = try Keyring.createIfMissing(folder, asGuest: isGuest, now: context.now())
        return (try adding(to: keyring, context), made)
    }

    /// Everything that decrypts rows, asking for a passphrase where one is needed; throws when nothing does.
    func identities(_ keyring: Keyring, in context: CommandContext) throws -> [any Identity] {
        guard keyring.hasDataIdentity else {
            throw Diagnostic(
                .keyMissing,
                "this machine holds no identity that decrypts backups",
                cause: "'\(keyring.folder)' has recipients only",
                hint: "Name one with --identity FILE: the operator's, or the one on the escrow sheet."
            )
        }
        return try keyring.identities { try Self.passphrase(context) }
    }

    /// From the file that `LIFEBOAT_PASSPHRASE_FILE` names, else from the terminal; never from an argument.
    static func passphrase(_ context: CommandContext) throws -> SecretBytes {
        if let path = context.environment["LIFEBOAT_PASSPHRASE_FILE"] {
            let bytes: [UInt8]
            do { bytes = try FileSource(path: context.absolute(path)).readAll(limit: 4096) } catch {
                throw Diagnostic(
                    .keyMissing,
                    "cannot read the file with the passphrase, '\(redacted(path))'",
                    cause: (error as? Diagnostic).map { $0.cause ?? $0.summary } ?? "it is larger than a passphrase",
                    hint: "Correct LIFEBOAT_PASSPHRASE_FILE."
                )
            }
            return SecretBytes(utf8: String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
        }
        let prompt = try Prompt(orElse: "Name a file with the passphrase in LIFEBOAT_PASSPHRASE_FILE.")
        return SecretBytes(utf8: try prompt.passphrase("Passphrase of the identity"))
    }

    static func folder(_ context: CommandContext) throws -> String {
        guard let folder = Keyring.defaultFolder(environment: context.environment) else {
            throw Diagnostic(
                .keyMissing,
                "cannot tell where the keys are",
                cause: "neither XDG_CONFIG_HOME nor HOME is set",
                hint: "Set one of them."
            )
        }
        return folder
    }

    private func adding(to keyring: Keyring, _ context: CommandContext) throws -> Keyring {
        guard let identity else { return keyring }
        return try keyring.adding(identityFile: context.absolute(identity))
    }
}
