import CommandLineKit
import Diagnostics
import Repository
import Terminal

/// `lifeboat key escrow`: the sheet to print, while it is here.
struct KeyEscrowCommand: LifeboatCommand {
    var output = OutputOptions()

    static let name = "key escrow"
    static let summary = "Print the escrow sheet, while it is on this machine"
    static let discussion = """
        The sheet holds the escrow identity, which exists nowhere else: whoever has it can read every backup. Print it, \
        lock it away and delete the file. Once deleted it cannot be printed again.
        """
    static let examples = [CommandExample("On paper", "lifeboat key escrow | lp")]
    static let exitStatuses = CommandExitStatus.reading
    static let arguments: [Argument<Self>] = OutputOptions.arguments.map { $0.lifted(\.output) }

    private struct Answer: Encodable {
        var path: String
        var text: String
    }

    func run(in context: CommandContext) async throws {
        let answer = try await onEngineThread(context.stop) {
            let keyring = try KeyOptions().keyring(in: context)
            guard let text = try keyring.escrowSheet() else {
                throw Diagnostic(
                    .keyMissing,
                    "the escrow sheet is not on this machine any more",
                    cause: "'\(keyring.escrowSheetPath)' was moved away, as it should be",
                    hint: "Look where the printed sheet was locked away."
                )
            }
            return Answer(path: keyring.escrowSheetPath, text: text)
        }
        let console = context.console(output)
        switch output.format {
        case .json: try console.answer("escrow-sheet", answer)
        case .text:
            console.answer(text: answer.text)
            guard !console.outputIsBroken else { return }
            console.talk(StyledText("When it is locked away: rm \(shellQuoted(answer.path))", .yellow))
        }
    }
}
