import AgeEncryption
import CommandLineKit
import Repository
import Terminal

/// `lifeboat key show`: the public side of this machine's keys, and where the secret side stands.
struct KeyShowCommand: LifeboatCommand {
    var output = OutputOptions()

    static let name = "key show"
    static let summary = "Show the keys of this machine, without their secrets"
    static let examples = [
        CommandExample("Whom backups are encrypted to", "lifeboat key show"),
        CommandExample("This machine's signer, for another one", "lifeboat key show --format json | jq -r .signer"),
    ]
    static let exitStatuses = CommandExitStatus.reading
    static let arguments: [Argument<Self>] = OutputOptions.arguments.map { $0.lifted(\.output) }

    private struct Answer: Encodable {
        var folder: String
        var operatorIdentity: OperatorIdentityState
        var escrowSheet: String?
        var recipients: [String]
        var host: String
        var signer: String
        var trustedSigners: [String]
    }

    func run(in context: CommandContext) async throws {
        let answer = try await onEngineThread(context.stop) {
            let keyring = try KeyOptions().keyring(in: context)
            return Answer(
                folder: keyring.folder,
                operatorIdentity: try keyring.operatorIdentityState(),
                escrowSheet: try keyring.escrowSheet() == nil ? nil : keyring.escrowSheetPath,
                recipients: keyring.recipients,
                host: keyring.host.recipient.text,
                signer: keyring.signer.verifyingKey.text,
                trustedSigners: keyring.trustedSigners
            )
        }
        let console = context.console(output)
        switch output.format {
        case .json: try console.answer("keys", answer)
        case .text: Self.print(answer, on: console)
        }
    }

    private static func print(_ answer: Answer, on console: Console) {
        var facts: [(String, StyledText)] = [("folder", StyledText(answer.folder))]
        switch answer.operatorIdentity {
        case .absent: facts.append(("identity", "not on this machine: it cannot read rows"))
        case .open: facts.append(("identity", StyledText("here, not protected by a passphrase", .yellow)))
        case .protected: facts.append(("identity", "here, protected by a passphrase"))
        }
        let sheet =
            answer.escrowSheet.map { StyledText("still here: \($0)", .yellow) } ?? "moved away from this machine"
        facts.append(("escrow sheet", sheet))
        facts += answer.recipients.map { ("recipient", StyledText($0)) }
        facts.append(("this host", StyledText(answer.host)))
        facts.append(("signs as", StyledText(answer.signer)))
        facts += answer.trustedSigners.filter { $0 != answer.signer }.map { ("trusts", StyledText($0)) }
        console.answer(lines: facts.map { StyledText($0.0.padded(to: 14), .dim) + $0.1 })
    }
}
