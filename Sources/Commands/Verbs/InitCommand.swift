import CommandLineKit
import Diagnostics
import Glibc
import Model
import PostgresClient
import Repository
import Settings
import Streams
import Terminal

/// `lifeboat init`: settings, keys and the first repository.
struct InitCommand: LifeboatCommand {
    var plan: String?
    var source: String?
    var sourceVariable: String?
    var place: String?
    var config: String?
    var timeZone: String?
    var output = OutputOptions()

    static let name = "init"
    static let summary = "Write lifeboat.json, create keys and the first repository"
    static let discussion = """
        Asks at the terminal for what was not given; gives up where nobody can be asked. Writes nothing over: a settings \
        file that exists is an error, keys and a repository that exist are used as they are.
        """
    static let examples = [
        CommandExample("Asks what it must", "lifeboat init"),
        CommandExample(
            "Asks nothing",
            "lifeboat init --source 'host=db1 dbname=shop user=backup' --repo /mnt/backups/shop"
        ),
        CommandExample(
            "The URL, password and all, in a variable",
            "lifeboat init --source-env DATABASE_URL --plan shop"
        ),
    ]
    static let exitStatuses = CommandExitStatus.reading
    static let arguments: [Argument<Self>] =
        [
            .option("--plan", value: "NAME", to: \.plan, help: "What to call the plan; otherwise the database's name"),
            .option("--source", value: "DATABASE", to: \.source, help: "A URL or key=value, without a password"),
            .option(
                "--source-env",
                value: "VAR",
                to: \.sourceVariable,
                help: "The variable that holds the database's URL"
            ),
            .option(
                "--repo",
                value: "REPO",
                to: \.place,
                completion: .directories,
                help: "Where recovery points go; otherwise ./lifeboat-repo"
            ),
            .option(
                "--config",
                value: "FILE",
                to: \.config,
                completion: .files,
                help: "Where to write the settings; otherwise ./lifeboat.json"
            ),
            .option(
                "--timezone",
                value: "ZONE",
                to: \.timeZone,
                help: "The zone of the schedules; otherwise this machine's"
            ),
        ] + OutputOptions.arguments.map { $0.lifted(\.output) }

    private struct Answer: Encodable {
        var config: String
        var plan: String
        var repository: String
        var repositoryID: String
        var keysAreNew: Bool
        var escrowSheet: String?
        var check: CheckAnswer
    }

    func run(in context: CommandContext) async throws {
        let console = context.console(output)
        let path = context.absolute(config ?? SettingsFile.name).tidyPath
        guard access(path, F_OK) != 0 else {
            throw Diagnostic(
                .settingsInvalid,
                "there is already a settings file '\(path)'",
                cause: "it is never written over",
                hint: "Edit it, or name another file with --config."
            )
        }
        let made = try await onEngineThread(context.stop) {
            let choices = try InitChoices(self, configPath: path, in: context)
            return try Installation(choices, in: context)
        }
        if output.format == .text { made.lines.forEach(console.answer) }
        EscrowAdvice(made.repository.keyring, made: made.keysMade)?.lines.forEach(console.talk)
        let findings = try await onEngineThread(context.stop) { made.check(in: context) }
        switch output.format {
        case .json:
            try console.answer(
                "init",
                Answer(
                    config: path,
                    plan: made.choices.plan,
                    repository: made.choices.repository.text,
                    repositoryID: made.repository.descriptor.id,
                    keysAreNew: made.keysMade == .all,
                    escrowSheet: try made.repository.keyring.escrowSheet() == nil
                        ? nil : made.repository.keyring.escrowSheetPath,
                    check: CheckAnswer(findings)
                )
            )
        case .text:
            findings.flatMap(\.lines).forEach(console.answer)
            made.nextSteps(hasError: findings.contains { $0.level == .error }).forEach(console.answer)
        }
    }
}
