import Diagnostics
import Model
package import Repository
package import Streams

/// Takes one recovery point of a database.
///
/// Blocks its thread until the point is committed or the run has failed; call it on a dedicated thread. Memory is about
/// 14 MiB per worker, the lists of tables and ranges, and the largest single row.
package struct Exporter: Sendable {
    private let plan: ExportPlan
    private let repository: Repository
    private let stop: Stop
    private let progress: ExportProgress

    /// Prepares a run; nothing happens yet.
    package init(_ plan: ExportPlan, into repository: Repository, stop: Stop, progress: ExportProgress) {
        self.plan = plan
        self.repository = repository
        self.stop = stop
        self.progress = progress
    }

    /// Runs the backup and records it, whatever becomes of it.
    ///
    /// When this returns, the point exists. When it throws, none does, and what the run had stored is removed as far as
    /// possible; what is left is collected later.
    package func run() throws -> ExportOutcome {
        let started = Instant.now
        let phases = PhaseRecorder()
        do {
            let outcome = try export(phases)
            record(
                BackupRun(
                    point: outcome.point.name,
                    recoveryInstant: outcome.point.manifest.recoveryInstant,
                    totals: outcome.report.totals,
                    phases: outcome.report.phases,
                    failure: nil
                ),
                started: started
            )
            return outcome
        } catch {
            record(
                BackupRun(
                    point: nil,
                    recoveryInstant: nil,
                    totals: nil,
                    phases: phases.recorded,
                    failure: Failure(error)
                ),
                started: started
            )
            throw error
        }
    }

    private func export(_ phases: PhaseRecorder) throws -> ExportOutcome {
        let session = try repository.beginSession(kind: .backup, plan: plan.point.plan, base: nil)
        defer { try? session.end() }
        let run = ExportRun(
            plan: plan,
            repository: repository,
            session: session,
            stop: stop,
            progress: progress,
            phases: phases
        )
        return try run.perform()
    }

    /// A run that cannot be recorded is still what it was: the point is the commit, the record only tells of it.
    private func record(_ run: BackupRun, started: Instant) {
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
