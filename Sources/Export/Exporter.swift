import Diagnostics
import Model
package import Repository
package import Streams

/// Takes one recovery point of a database, into one repository or several at once.
///
/// Blocks its thread until the run has ended; call it on a dedicated thread. Memory is about 14 MiB per worker, the lists
/// of tables and ranges, the largest single row, and for each repository what its store holds of an upload. The database
/// is read once, under one snapshot, whatever the number of repositories; they are written to in step, so the slowest one
/// sets the pace.
package struct Exporter: Sendable {
    private let plan: ExportPlan
    private let repositories: [Repository]
    private let stop: Stop
    private let progress: ExportProgress

    /// Prepares a run; nothing happens yet.
    ///
    /// The first repository decides which of two workers has a slot.
    package init(_ plan: ExportPlan, into repositories: [Repository], stop: Stop, progress: ExportProgress) {
        self.plan = plan
        self.repositories = repositories
        self.stop = stop
        self.progress = progress
    }

    /// Runs the backup and records it in every repository, whatever becomes of it there.
    ///
    /// One result for each repository, in their order. Where it is a success, the point exists. Where it is a failure,
    /// none does (or, when the store never said whether it committed, perhaps one), and what the run had stored is removed
    /// as far as possible; what is left is collected later.
    package func run() -> [Result<ExportOutcome, any Error>] {
        let started = Instant.now
        let phases = PhaseRecorder()
        let destinations = announce()
        let plan = plan.named(after: destinations.map(\.base))
        for destination in destinations where destination.isLive { recordTheDead(in: destination.repository) }
        var wasStopped: (any Error)?
        do {
            try ExportRun(plan: plan, destinations: destinations, stop: stop, progress: progress, phases: phases)
                .perform()
            stop.liftLimit()
        } catch {
            let reason = stop.error ?? error
            stop.liftLimit()
            for destination in destinations { destination.lose(reason) }
            wasStopped = reason is Stopped ? nil : reason
        }
        let results = destinations.map { destination -> Result<ExportOutcome, any Error> in
            // Who was stopped while it waited for its turn knows of no reason.
            if case .failure(let error)? = destination.result, error is Stopped { return .failure(wasStopped ?? error) }
            return destination.result ?? .failure(Stopped())
        }
        let missed =
            plan.outOfReach
            + zip(destinations, results).compactMap { destination, result in
                if case .failure = result { destination.repository.displayName } else { nil }
            }
        for (destination, result) in zip(destinations, results) {
            var run = BackupRun(result, phases)
            run.missed = run.point == nil || missed.isEmpty ? nil : missed
            record(run, in: destination.repository, started: started)
            destination.end()
        }
        return results
    }

    /// Begins in every repository, in an order that is the same for all runs: of two that wait for each other's
    /// repositories none would come to an end.
    private func announce() -> [Destination] {
        repositories.enumerated().sorted { $0.element.descriptor.id < $1.element.descriptor.id }
            .map { Destination($0.element, index: $0.offset, plan: plan.point.plan, turn: plan.turn) }
            .sorted { $0.index < $1.index }
    }

    /// A run that was killed is a failed run, which nobody has told of yet.
    private func recordTheDead(in repository: Repository) {
        for dead in (try? repository.buryDeadRuns(of: plan.point.plan)) ?? [] {
            let process = "process \(dead.state.process.id) on \(dead.state.process.host)"
            let failure = Failure(
                code: DiagnosticCode.interrupted.rawValue,
                summary: "the run ended without a word: it was killed, or its machine stopped",
                cause: process
            )
            let record = RunRecord(
                tool: plan.tool,
                plan: plan.point.plan,
                host: dead.state.process.host,
                started: dead.state.started,
                finished: max(dead.state.started, dead.state.heartbeat),
                event: .backup(BackupRun(point: nil, recoveryInstant: nil, totals: nil, phases: [], failure: failure))
            )
            _ = try? repository.append(record)
        }
    }

    /// A run that cannot be recorded is still what it was: the point is the commit, the record only tells of it.
    private func record(_ run: BackupRun, in repository: Repository, started: Instant) {
        let record = RunRecord(
            tool: plan.tool,
            plan: plan.point.plan,
            host: plan.host,
            started: started,
            finished: .now,
            event: .backup(run)
        )
        _ = try? repository.append(record)
    }
}

extension ExportPlan {
    /// The same plan, its point named after those that are there.
    ///
    /// A host whose clock is behind would name it after a time before them, and whoever asks for the latest would get
    /// another. A name of times to come, from a clock that was ahead, counts from when the store took it. The very same name
    /// is another worker's, which has the slot.
    fileprivate func named(after bases: [NewestPoint]) -> ExportPlan {
        var plan = self
        // Its turn may have been waited for.
        if let clock { plan.point = PointName(plan: point.plan, slot: Slot(clock())) }
        let instants = bases.compactMap { base in
            base.point.map { min($0.name.slot.instant, $0.modified) } ?? base.sealed?.point.slot.instant
        }
        // One of times to come, by the store's clock too, is nobody's to follow.
        let latest = instants.filter { $0 < .now + .seconds(300) || $0 < plan.point.slot.instant + .seconds(86_400) }
            .max()
        guard let latest, plan.point.slot.instant < latest else { return plan }
        plan.point = PointName(plan: point.plan, slot: Slot(latest + .milliseconds(1)))
        plan.notices.append(
            "this machine's clock says \(self.point.slot.instant), and the point before is of \(latest): the point is named after"
                + " that one; set the clock"
        )
        return plan
    }
}

extension BackupRun {
    fileprivate init(_ result: Result<ExportOutcome, any Error>, _ phases: PhaseRecorder) {
        switch result {
        case .success(let outcome):
            self.init(
                point: outcome.point.name,
                recoveryInstant: outcome.point.manifest.recoveryInstant,
                totals: outcome.report.totals,
                phases: outcome.report.phases,
                failure: nil,
                alarm: outcome.report.alarm.map { Failure($0) }
            )
        case .failure(let error):
            self.init(
                point: nil,
                recoveryInstant: nil,
                totals: nil,
                phases: phases.recorded,
                failure: Failure(error)
            )
        }
    }
}

extension Failure {
    fileprivate init(_ error: any Error) {
        switch error {
        case let diagnostic as Diagnostic:
            self.init(code: diagnostic.code.rawValue, summary: diagnostic.summary, cause: diagnostic.cause)
        case is Stopped:
            self.init(code: DiagnosticCode.interrupted.rawValue, summary: "the run was interrupted", cause: nil)
        default:
            self.init(
                code: DiagnosticCode.internalError.rawValue,
                summary: "the run failed",
                cause: redacted("\(error)")
            )
        }
    }
}
