import CommandLineKit
import Diagnostics
import Model
import PostgresClient
import Repository
import Settings
import Streams
import Terminal

/// `lifeboat check`: what would fail tonight.
struct CheckCommand: LifeboatCommand {
    var words: [String] = []
    var sourceVariable: String?
    var from: String?
    var config: String?
    var keys = KeyOptions()
    var output = OutputOptions()

    static let name = "check"
    static let summary = "Look at everything a run needs, and say what would fail"
    static let discussion = """
        Connects to every source and opens every repository, reads no rows and leaves nothing behind. Looks at versions, \
        privileges, row security, poolers, clocks, free space, keys, schedules against promises, and at what a drill needs \
        on this machine.

        The status is 0 when nothing would fail, warnings or not, and otherwise that of the first error.
        """
    static let examples = [
        CommandExample("All plans of lifeboat.json", "lifeboat check"),
        CommandExample("Before there are settings", "lifeboat check 'host=db1 dbname=shop' --from ./backups"),
        CommandExample("For a pipeline", "lifeboat check --format json | jq '.findings[] | select(.level != \"ok\")'"),
    ]
    static let exitStatuses = CommandExitStatus.judging
    static let arguments: [Argument<Self>] =
        [
            .positionals("PLAN", to: \.words, help: "Plans of lifeboat.json, or a database as a URL or key=value"),
            .option("--source-env", value: "VAR", to: \.sourceVariable, help: "Look at the database that VAR names"),
            .option(
                "--from",
                value: "REPO",
                to: \.from,
                completion: .directories,
                help: "Look at this repository, whatever lifeboat.json says"
            ),
            .option("--config", value: "FILE", to: \.config, completion: .files, help: "Read settings from FILE"),
        ]
        + KeyOptions.arguments.map { $0.lifted(\.keys) }
        + OutputOptions.arguments.map { $0.lifted(\.output) }

    func run(in context: CommandContext) async throws {
        let console = context.console(output)
        let targets = try targets(in: context)
        var findings: [CheckFinding] = []
        for target in targets {
            let list = try await onEngineThread(context.stop) {
                TargetCheck(target: target, keys: keys, context: context).run()
            }
            if context.stop.isRequested { throw Diagnostic.interrupted }
            if output.format == .text { CheckText.heading(target.title, list).forEach(console.answer) }
            findings += list.findings
        }
        let machine = try await onEngineThread(context.stop) { Self.machine(targets, keys, context) }
        if output.format == .text { CheckText.heading("this machine", machine).forEach(console.answer) }
        findings += machine.findings
        switch output.format {
        case .json: try console.answer("check", CheckAnswer(findings))
        case .text: console.answer(CheckText.verdict(findings))
        }
        let status = findings.lazy.map(\.exitStatus).first { $0 != .done }
        if let status { throw CommandOutcome(status: status) }
    }

    /// What concerns the machine and no single plan: keys and libraries.
    static func machine(_ targets: [CheckTarget], _ keys: KeyOptions, _ context: CommandContext) -> CheckList {
        var list = CheckList(plan: nil)
        do {
            KeyCheck(
                keyring: try keys.keyring(in: context),
                drillsAreScheduled: targets.contains { $0.plan?.schedule.drill != nil },
                environment: context.environment
            ).run(&list)
        } catch {
            let problem = diagnostic(for: error)
            // The first backup makes keys by itself; where a repository was looked at, the plan's list says it already.
            list.warn("keys", problem.summary, cause: problem.cause, hint: problem.hint)
        }
        LibraryCheck(libpq: ClientLibrary.version).run(&list)
        return list
    }

    private func targets(in context: CommandContext) throws -> [CheckTarget] {
        let place = try from.map { try RepositoryPlace(typed: $0, in: context) }
        var sources = try words.filter(SourceText.isSource).map { try SourceText(typed: $0).settings }
        if let sourceVariable { sources.append(try SourceText(variable: sourceVariable, in: context).settings) }
        let direct = sources.map {
            CheckTarget(title: $0.displayName, source: .settings($0), places: place.map { [$0] } ?? [])
        }
        let names = words.filter { !SourceText.isSource($0) }
        if !direct.isEmpty, names.isEmpty { return direct }
        if let place, names.isEmpty { return [CheckTarget(title: place.text, places: [place])] }
        let settings = try SettingsChoice(config: config).load(in: context)
        return direct
            + (try settings.plans(named: names).map { plan in
                CheckTarget(
                    title: plan.name,
                    plan: plan,
                    source: .plan(plan.source),
                    places: place.map { [$0] }
                        ?? plan.repositories.compactMap { settings.repository($0) }.map {
                            RepositoryPlace($0, in: context)
                        }
                )
            })
    }
}

/// The JSON answer of `check`.
struct CheckAnswer: Encodable {
    let errors: Int
    let warnings: Int
    let findings: [CheckFinding]

    init(_ findings: [CheckFinding]) {
        errors = findings.count { $0.level == .error }
        warnings = findings.count { $0.level == .warning }
        self.findings = findings
    }
}

/// Findings as people read them.
enum CheckText {
    static func heading(_ title: String, _ list: CheckList) -> [StyledText] {
        [StyledText(title, .bold)] + list.findings.flatMap(\.lines)
    }

    static func verdict(_ findings: [CheckFinding]) -> StyledText {
        let answer = CheckAnswer(findings)
        let errors = answer.errors == 1 ? "1 error" : "\(answer.errors) errors"
        let warnings = answer.warnings == 1 ? "1 warning" : "\(answer.warnings) warnings"
        guard answer.errors > 0 else {
            return StyledText("Nothing would fail", .green)
                + StyledText(answer.warnings == 0 ? "." : "; \(warnings) to look at.")
        }
        let plans = Set(findings.filter { $0.level == .error }.map { $0.plan ?? "this machine" }).sorted()
        return StyledText("\(errors), \(warnings): ", .boldRed)
            + StyledText("the next runs would fail or miss their promise for \(plans.joined(separator: ", ")).")
    }
}
