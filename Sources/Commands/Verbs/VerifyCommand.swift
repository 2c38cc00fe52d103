import AgeEncryption
import CommandLineKit
import Diagnostics
import Model
import Repository
import Settings
import Streams
import Terminal

/// `lifeboat verify`: reads stored bytes back and compares them with what was recorded.
struct VerifyCommand: LifeboatCommand {
    var points: [String] = []
    var isDeep = false
    var isQuick = false
    var within: DurationArgument?
    var repairs = false
    var copies: [String] = []
    var repository = RepositoryOptions()
    var keys = KeyOptions()
    var progress = ProgressOptions()
    var output = OutputOptions()

    static let name = "verify"
    static let summary = "Read stored points back and compare every byte"
    static let discussion = """
        Checks signatures and manifests, and that no point and no record is gone; reads every archive that the points need \
        and compares its SHA-256. With --deep everything is decrypted too, and the hash of every range compared, which \
        needs an identity. With --quick only the presence and the sizes of archives are looked at, which finds what is \
        missing in little time and acquits nothing.

        --repair puts damaged archives and points back from another repository, needs no identity, and replaces only what \
        was read again and proven bad, by bytes that were read and found good.

        --within 30d reads a part, so that every archive is read again within 30 days when this runs regularly: those that \
        were read longest ago, and all that would be overdue by the next run. What was read when stands in the repository's \
        own records.

        Without --from, every repository of the plan is verified, or every one that a plan uses.

        Points found bad no longer count: the next backup does not build on them, retention does not count them, reports \
        do not show them as a way back. This proves that the bytes are the ones that were written; only 'lifeboat drill' \
        proves that they become a database.
        """
    static let examples = [
        CommandExample("All points of a repository", "lifeboat verify --from ./backups"),
        CommandExample("The newest one, thoroughly", "lifeboat verify latest --deep"),
        CommandExample("Every night a part, all of it in a month", "lifeboat verify --within 30d"),
    ]
    static let exitStatuses =
        CommandExitStatus.reading + [CommandExitStatus(.partial, "some repositories could not be verified")]
    static let arguments: [Argument<Self>] =
        [
            .positionals("POINT", to: \.points, help: "Points, or latest, oldest, proven; all when none is named"),
            .flag("--deep", to: \.isDeep, help: "Decrypt everything as well"),
            .flag("--quick", to: \.isQuick, help: "Only whether everything is there and has its size"),
            .option(
                "--within",
                value: "TIME",
                to: \.within,
                help: "Read what is due, so that all is read in this time"
            ),
            .flag("--repair", to: \.repairs, help: "Put what is damaged back from another repository"),
            .options(
                "--from-repository",
                value: "REPO",
                to: \.copies,
                completion: .directories,
                help: "Repair from it; otherwise from the plan's other repositories"
            ),
        ]
        + RepositoryOptions.arguments.map { $0.lifted(\.repository) }
        + KeyOptions.arguments.map { $0.lifted(\.keys) }
        + ProgressOptions.arguments.map { $0.lifted(\.progress) }
        + OutputOptions.arguments.map { $0.lifted(\.output) }

    func run(in context: CommandContext) async throws {
        guard !(isQuick && isDeep) else {
            throw Diagnostic(.usage, "--quick and --deep exclude each other", hint: "Use one of them.")
        }
        guard within == nil || (!isQuick && points.isEmpty) else {
            throw Diagnostic(
                .usage,
                "--within chooses what is read",
                hint: "Leave out --quick and the names of points."
            )
        }
        guard repairs || copies.isEmpty else {
            throw Diagnostic(.usage, "--from-repository is for --repair", hint: "Add --repair.")
        }
        let console = context.console(output)
        let counters = VerifyCounters()
        let line = ProgressLine(
            sampling: { counters.sample },
            on: console,
            mode: progress.progress.mode(on: console)
        )
        defer { line.finish() }
        let task = VerifyTask(command: self, counters: counters, context: context)
        let result = try await onEngineThread(context.stop) { try task.run() }
        line.finish()
        for remark in result.remarks { console.warn(remark, as: output.format) }
        switch output.format {
        case .json: try console.answer("verification", VerifyAnswers(result.answers))
        case .text: for answer in result.answers { VerifyText(answer, of: result.answers.count).print(on: console) }
        }
        if result.answers.contains(where: { !$0.isSound }) {
            for failure in result.failures { console.warn(failure.error, as: output.format) }
            throw CommandOutcome(status: .repository)
        }
        if let missed = result.missed { throw missed }
        if result.answers.contains(where: { !$0.unjudged.isEmpty }) { throw CommandOutcome(status: .key) }
    }
}
