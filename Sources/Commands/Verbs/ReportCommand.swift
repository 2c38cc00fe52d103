import CommandLineKit
import Diagnostics
import Model
import Policy
import Reports
import Streams
import Terminal

/// `lifeboat report`: hold what was measured against what was promised.
struct ReportCommand: LifeboatCommand {
    var plans: [String] = []
    var period = DurationArgument(.seconds(30 * 86_400))
    var until: InstantArgument?
    var rto: DurationArgument?
    var rpo: DurationArgument?
    var mtd: DurationArgument?
    var drillEvery: DurationArgument?
    var repository = RepositoryOptions()
    var keys = KeyOptions()
    var output = OutputOptions()

    static let name = "report"
    static let summary = "Hold measured recovery against RTO and RPO"
    static let discussion = """
        The recovery point is the snapshot instant of the newest point that was committed, never the end of a backup. \
        The recovery time is that of drills, from declared to validated. A promise that nothing was measured for is \
        unknown, which is not met; so is what lies in a repository out of reach. Recovery points, copies and the rhythm of \
        drills are judged over the whole period, the recovery time by the latest drill of a recent point.
        """
    static let examples = [
        CommandExample("A repository against two targets", "lifeboat report --from ./backups --rto 2h --rpo 24h"),
        CommandExample("All plans, for a pipeline", "lifeboat report --format json"),
        CommandExample("October", "lifeboat report --until 2026-11-01T00:00:00Z --period 31d"),
    ]
    static let exitStatuses = CommandExitStatus.judging
    static let arguments: [Argument<Self>] =
        [
            .positionals("PLAN", to: \.plans, help: "Plans of lifeboat.json; all when none is named"),
            .option("--period", value: "TIME", to: \.period, help: "How far to look back"),
            .option("--until", value: "INSTANT", to: \.until, help: "Look at a period that ended then, not now"),
            .option("--rto", value: "TIME", to: \.rto, help: "Recovery time objective, like 2h"),
            .option("--rpo", value: "TIME", to: \.rpo, help: "Recovery point objective, like 24h"),
            .option("--mtd", value: "TIME", to: \.mtd, help: "Maximum tolerable downtime"),
            .option("--drill-every", value: "TIME", to: \.drillEvery, help: "How often a drill must prove a point"),
        ]
        + RepositoryOptions.arguments.map { $0.lifted(\.repository) }
        + KeyOptions.arguments.map { $0.lifted(\.keys) }
        + OutputOptions.arguments.map { $0.lifted(\.output) }

    func run(in context: CommandContext) async throws {
        let (reports, failed, warnings) = try await onEngineThread(context.stop) { try make(in: context) }
        if reports.isEmpty, let first = failed.first { throw first.error }
        let console = context.console(output)
        for warning in warnings { console.warn(warning, as: output.format) }
        for failure in failed { console.report(failure.error, as: output.format, verbose: output.verbose) }
        switch output.format {
        case .json: try console.answer("reports", Answer(reports: reports, failed: failed.map(Failed.init)))
        case .text:
            let texts = reports.map { TextReport($0, width: min(console.outputWidth ?? 80, 100)).text }
            console.answer(text: texts.joined(separator: "\n"))
        }
        let outcomes = reports.map(\.compliance.outcome)
        if outcomes.contains(.missed) { throw CommandOutcome(status: .objectiveMissed) }
        if outcomes.contains(.unknown) || !failed.isEmpty { throw CommandOutcome(status: .unverified) }
    }

    private struct Answer: Encodable {
        var reports: [ComplianceReport]
        /// Plans of which nothing can be known now.
        var failed: [Failed]
    }

    private struct Failed: Encodable {
        var plan: PlanName
        var failure: Failure

        init(_ failed: FailedPlan) {
            plan = failed.plan
            failure = Failure(
                code: failed.error.code.rawValue,
                summary: failed.error.summary,
                cause: failed.error.cause
            )
        }
    }

    private typealias FailedPlan = (plan: PlanName, error: Diagnostic)

    /// A plan that fails keeps no other from its report.
    private func make(
        in context: CommandContext
    ) throws -> (reports: [ComplianceReport], failed: [FailedPlan], warnings: [Diagnostic]) {
        let now = context.now()
        let end = until?.instant ?? now
        guard end <= now else {
            throw Diagnostic(.usage, "--until lies in the future", hint: "Leave it out for a period that ends now.")
        }
        var reports: [ComplianceReport] = []
        var failed: [FailedPlan] = []
        var warnings: [Diagnostic] = []
        for (plan, source) in try ReportSource.all(self, in: context) {
            do {
                var source = try source.get()
                let input = try source.input(from: end - period.duration, to: end, now: now, override: override)
                reports.append(ComplianceReport.make(input: input))
                warnings += source.warnings.filter { !warnings.contains($0) }
            } catch {
                guard !context.stop.isRequested else { throw error }
                failed.append((plan, diagnostic(for: error)))
            }
        }
        return (reports, failed, warnings)
    }

    /// The objectives of the command line go before those of the settings; says which are other ones.
    private func override(_ objectives: inout Objectives) -> [TypedTarget] {
        let typed: [(String, WritableKeyPath<Objectives, Duration?>, DurationArgument?)] = [
            ("rto", \.rto, rto), ("rpo", \.rpo, rpo), ("mtd", \.mtd, mtd), ("drillEvery", \.drillEvery, drillEvery),
        ]
        var targets: [TypedTarget] = []
        for (name, path, argument) in typed {
            guard let argument, objectives[keyPath: path] != argument.duration else { continue }
            targets.append(TypedTarget(name: name, typed: argument.duration, plan: objectives[keyPath: path]))
            objectives[keyPath: path] = argument.duration
        }
        return targets
    }
}

/// A duration on the command line: `90m`, `24h`, `30d`.
struct DurationArgument: ArgumentValue {
    let duration: Duration

    init(_ duration: Duration) { self.duration = duration }

    init?(argument: String) {
        guard let duration = try? Duration(human: argument), duration > .zero else { return nil }
        self.duration = duration
    }

    var argument: String { duration.compactText }
    static var expected: String { "a duration like 90m, 24h or 30d" }
}

/// An instant on the command line, as reports write them.
struct InstantArgument: ArgumentValue {
    let instant: Instant

    init?(argument: String) {
        guard let instant = Instant(argument) else { return nil }
        self.instant = instant
    }

    var argument: String { instant.description }
    static var expected: String { "an instant like 2026-11-21T07:31:00Z" }
}
