import CommandLineKit
import Diagnostics
import Drills
import Model
import Reports
import Repository
import Restore
import Settings
import Streams
import Terminal

/// `lifeboat drill`: rehearse the recovery and measure it.
struct DrillCommand: LifeboatCommand {
    var plans: [String] = []
    var point = "latest"
    var workers = 4
    var maxTime: DurationArgument?
    var repository = RepositoryOptions()
    var keys = KeyOptions()
    var progress = ProgressOptions()
    var output = OutputOptions()

    static let name = "drill"
    static let summary = "Restore into a scratch cluster, prove every row, measure"
    static let discussion = """
        Starts a private PostgreSQL in a temporary folder, restores the point into it, reads every table back and \
        compares rows and definitions with what the source held under the backup's own snapshot, asks the plan's own \
        questions, and removes everything again. The time from the start to the end of the comparison is the measured \
        recovery time.

        The verdict is proven, failed, or unverified: could not be checked, which is not a pass.
        """
    static let examples = [
        CommandExample("The newest point of a repository", "lifeboat drill --from ./backups"),
        CommandExample("All plans of lifeboat.json", "lifeboat drill"),
    ]
    static let exitStatuses = CommandExitStatus.judging
    static let arguments: [Argument<Self>] =
        [
            .positionals("PLAN", to: \.plans, help: "Plans of lifeboat.json; all when none is named"),
            .option("--point", value: "POINT", to: \.point, help: "latest, oldest, proven, or a point's name"),
            .option("--jobs", "-j", value: "COUNT", to: \.workers, in: 1...64, help: "Connections that work at once"),
            .option("--max-time", value: "TIME", to: \.maxTime, help: "Give up a plan that takes longer than this"),
        ]
        + RepositoryOptions.arguments.map { $0.lifted(\.repository) }
        + KeyOptions.arguments.map { $0.lifted(\.keys) }
        + ProgressOptions.arguments.map { $0.lifted(\.progress) }
        + OutputOptions.arguments.map { $0.lifted(\.output) }

    func run(in context: CommandContext) async throws {
        let console = context.console(output)
        var runs: [Rehearsed] = []
        var errors: [Diagnostic] = []
        for target in try targets(in: context) {
            if context.stop.isRequested {
                errors.append(.interrupted)
                break
            }
            let ping = PingSignal(url: target.plan?.drillPingURL, environment: context.environment)
            do {
                let rehearsed = try await rehearse(target, in: context, console)
                runs.append(rehearsed)
                try await ping.send(rehearsed.run.verdict == .proven, on: console, in: context)
            } catch let error as Diagnostic {
                // One plan that cannot be rehearsed does not keep the others from it.
                errors.append(error)
                console.report(error, as: output.format, verbose: output.verbose)
                try await ping.send(false, on: console, in: context)
            }
        }
        if output.format == .json { try console.answer("drills", Answer(drills: runs.map(\.facts))) }
        let verdicts = runs.map(\.run.verdict)
        if let interruption = errors.first(where: { $0.code == .interrupted }) {
            throw CommandOutcome(status: interruption.code.exitStatus)
        }
        if verdicts.contains(.failed) { throw CommandOutcome(status: .objectiveMissed) }
        if let error = errors.first { throw CommandOutcome(status: error.code.exitStatus) }
        if verdicts.contains(.unverified) { throw CommandOutcome(status: .unverified) }
    }

    private func rehearse(
        _ target: DrillTarget,
        in context: CommandContext,
        _ console: Console
    ) async throws -> Rehearsed {
        let counters = RestoreProgress()
        let line = ProgressBridge(counters, progress, on: console)
        defer { line.finish() }
        let context = context.ownTurn
        if let time = maxTime?.duration ?? target.plan?.maxDrillTime {
            let name = target.name.map { "the drill of '\($0)'" } ?? "the drill"
            TimeLimit(time: time, run: name, setting: "maxDrillTime")
                .begin(context.stop) { "the step '\(counters.currentStep)'" }
        }
        let rehearsed = try await onEngineThread(context.stop) {
            try DrillTask(target: target, command: self, context: context, counters: counters).run()
        }
        line.finish()
        for warning in rehearsed.warnings { console.warn(warning, as: output.format) }
        if output.format == .text { DrillText(rehearsed.run).lines.forEach(console.answer) }
        return rehearsed
    }

    private struct Answer: Encodable {
        var drills: [DrillFacts]
    }

    /// What to rehearse: the repository that was named, or those of each plan.
    private func targets(in context: CommandContext) throws -> [DrillTarget] {
        if let from = repository.from {
            guard plans.count <= 1 else {
                throw Diagnostic(.usage, "--from takes one plan at a time", hint: "Name one plan, or use --plan.")
            }
            let named = try repository.planName() ?? plans.first.flatMap { PlanName($0) }
            let place = try RepositoryChoice(typed: from, config: repository.config).place(in: context)
            return [
                DrillTarget(
                    places: .success([place]),
                    name: named,
                    plan: nil,
                    scratch: nil
                )
            ]
        }
        let settings = try SettingsChoice(config: repository.config).load(in: context)
        return try settings.plans(named: plans + (repository.plan.map { [$0] } ?? [])).map { plan in
            DrillTarget(
                places: Result { try settings.places(ofPlan: plan.name, in: context) }.mapError(diagnostic),
                name: PlanName(plan.name),
                plan: plan,
                scratch: plan.scratch?.folder
            )
        }
    }
}

/// A rehearsal, and when it was declared and over.
struct Rehearsed: Sendable {
    let run: DrillRun
    let declared: Instant
    let finished: Instant
    /// Why other repositories were passed over, and what was found on the way.
    let warnings: [Diagnostic]

    /// The rehearsal as JSON has it.
    var facts: DrillFacts { DrillFacts(run, declared: declared, finished: finished, expected: []) }
}

/// One point to rehearse.
struct DrillTarget: Sendable {
    /// In the order in which they are asked for the point; or what is wrong with this plan's settings.
    var places: Result<[RepositoryPlace], Diagnostic>
    var name: PlanName?
    var plan: PlanSettings?
    var scratch: String?
}

/// One rehearsal from the repository to the record.
struct DrillTask: Sendable {
    let target: DrillTarget
    let command: DrillCommand
    let context: CommandContext
    let counters: RestoreProgress

    func run() throws -> Rehearsed {
        let declared = context.now()
        let keyring = try command.keys.keyring(in: context)
        let source = try PointSource.find(
            command.point,
            plan: try planName(keyring),
            in: try target.places.get(),
            keyring: keyring,
            context: context
        )
        let (repository, name) = (source.repository, source.point.name)
        let planName = name.plan
        var plan = DrillPlan(
            point: name,
            identities: try command.keys.identities(repository.keyring, in: context),
            tool: Tool.full,
            host: context.host
        )
        plan.workers = target.plan?.workers ?? command.workers
        plan.assertions = (target.plan?.assertions ?? []).map { Assertion(name: $0.name, sql: $0.sql) }
        plan.environment = context.environment
        plan.scratchParent = target.scratch ?? context.environment["TMPDIR"] ?? "/tmp"
        let sessions = try source.beginSessions()
        defer { for session in sessions { try? session.end() } }
        let drill = Drill(
            repository: repository,
            copies: source.copies,
            plan: plan,
            sealed: source.sealed,
            progress: counters
        )
        let run = try drill.run(declared: declared, stop: context.stop)
        let finished = context.now()
        let outcome = RunRecord(
            tool: Tool.full,
            plan: planName,
            host: context.host,
            started: declared,
            finished: finished,
            event: .drill(run)
        )
        try repository.appendOutcome(outcome)
        let damaged = Set(drill.damagedCopies.all.map(\.repository.descriptor.id))
        let untold = source.copies.filter { !damaged.contains($0.descriptor.id) }
            .compactMap { tell(outcome, of: source.point, in: $0) }
        let damage = try drill.damagedCopies.all.map { try record($0.reason, of: name, in: $0.repository, finished) }
        let passedOver = source.notices.map { Diagnostic.passedOver($0) }
        return Rehearsed(
            run: run,
            declared: declared,
            finished: finished,
            warnings: passedOver + damage + untold + source.remarks
        )
    }

    /// Says the same of another copy, as far as it is one of the same bytes; returns why that could not be done.
    private func tell(_ record: RunRecord, of point: StoredPoint, in copy: Repository) -> Diagnostic? {
        guard case .drill(let run) = record.event, run.judgesBytes else { return nil }
        do {
            if try copy.holdsSameBytes(as: point) { try copy.appendOutcome(record) }
            return nil
        } catch {
            return .passedOver("the result is not recorded in \(copy.displayName): \(diagnostic(for: error).summary)")
        }
    }

    /// Writes that a copy is damaged, so that it does not count there, although the point was proven with another; comes after
    /// the rehearsal's own record, which would acquit it.
    private func record(
        _ reason: String,
        of point: PointName,
        in repository: Repository,
        _ finished: Instant
    ) throws -> Diagnostic {
        let bad = VerifyRun(points: [], bytesRead: 0, bad: [BadPoint(point: point, reason: reason)])
        try repository.appendOutcome(
            RunRecord(
                tool: Tool.full,
                plan: point.plan,
                host: context.host,
                started: finished,
                finished: finished,
                event: .verify(bad)
            )
        )
        return Diagnostic(
            .objectCorrupt,
            "point '\(point)' is damaged in \(repository.displayName), and the next copy was taken",
            cause: reason,
            hint: "It does not count there any more; 'lifeboat verify --repair' mends it from another copy."
        )
    }

    /// The plan that was named, or the only one that the repository holds.
    private func planName(_ keyring: Keyring) throws -> PlanName {
        if let name = target.name { return name }
        let repository = try Repository.open(try target.places.get()[0].store(in: context), keyring: keyring)
        return try command.repository.onlyPlan(of: repository)
    }
}
