import CommandLineKit
import Repository
import Terminal

/// `lifeboat key trust`: believe what another machine signs.
struct KeyTrustCommand: LifeboatCommand {
    var signer = ""
    var output = OutputOptions()

    static let name = "key trust"
    static let summary = "Believe what another signer has signed"
    static let discussion = """
        Points and records count only when a trusted key signed them. Take the key from the escrow sheet, or from 'lifeboat \
        key show' on the machine that takes the backups; never from the repository itself. A machine without keys gets \
        its own.
        """
    static let examples = [CommandExample("A key from the escrow sheet", "lifeboat key trust lbsig1…")]
    static let exitStatuses = CommandExitStatus.reading
    static let arguments: [Argument<Self>] =
        [.positional("SIGNER", to: \.signer, required: true, help: "The key, as 'key show' prints it: lbsig1…")]
        + OutputOptions.arguments.map { $0.lifted(\.output) }

    private struct Answer: Encodable {
        var signer: String
        var isNew: Bool
        var trustedSigners: [String]
        /// Whether this machine had no keys before.
        var keysAreNew: Bool
    }

    func run(in context: CommandContext) async throws {
        let (answer, advice) = try await onEngineThread(context.stop) {
            // A machine that only restores has no keyring yet; a cold start begins here.
            let (keyring, made) = try KeyOptions().keyringOrNew(asGuest: true, in: context)
            let after = try keyring.trust(signer)
            let answer = Answer(
                signer: signer,
                isNew: after.trustedSigners.count > keyring.trustedSigners.count,
                trustedSigners: after.trustedSigners,
                keysAreNew: made == .guest
            )
            return (answer, EscrowAdvice(keyring, made: made))
        }
        let console = context.console(output)
        switch output.format {
        case .json: try console.answer("signer-trusted", answer)
        case .text:
            console.answer(StyledText(answer.isNew ? "trusts \(signer) from now on" : "trusted \(signer) already"))
        }
        advice?.lines.forEach(console.talk)
    }
}
