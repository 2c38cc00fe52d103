import CommandLineKit
import PostgresClient
import Terminal

/// `lifeboat version`: this program and the libraries it talks through.
struct VersionCommand: LifeboatCommand {
    var output = OutputOptions()

    static let name = "version"
    static let summary = "Print the version"
    static let examples = [CommandExample("For a bug report", "lifeboat version")]
    static let exitStatuses = CommandExitStatus.local
    static let arguments: [Argument<Self>] = OutputOptions.arguments.map { $0.lifted(\.output) }

    private struct Answer: Encodable {
        var version: String
        var repositoryFormat: Int
    }

    func run(in context: CommandContext) async throws {
        let console = context.console(output)
        switch output.format {
        case .json: try console.answer("version", Answer(version: Tool.version, repositoryFormat: 1))
        case .text: console.answer(StyledText(Tool.full))
        }
    }
}
