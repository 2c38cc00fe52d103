import CommandLineKit
import Terminal

/// `lifeboat completion`: a script for the shell.
struct CompletionCommand: LifeboatCommand {
    var shell = Shell.bash
    var output = OutputOptions()

    static let name = "completion"
    static let summary = "Print a completion script for bash, zsh or fish"
    static let examples = [
        CommandExample("For bash", "lifeboat completion bash > /etc/bash_completion.d/lifeboat"),
        CommandExample("For zsh", "lifeboat completion zsh > ~/.zfunc/_lifeboat"),
    ]
    static let exitStatuses = CommandExitStatus.local
    static let arguments: [Argument<Self>] = [
        .positional("SHELL", to: \.shell, required: true, help: "bash, zsh or fish")
    ]

    func run(in context: CommandContext) async throws {
        context.console(output).answer(text: CommandTree<CommandContext>.lifeboat.completionScript(for: shell))
    }
}
