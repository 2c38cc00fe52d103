import Diagnostics
import Glibc
import Model
import PostgresClient
import Streams
import Synchronization

/// Copies with several sessions at once, all under the coordinator's snapshot.
struct ExportWorkers {
    private static let attempts = 20

    let context: ExportContext
    let stop: Stop

    /// Does all jobs; ranges whose tables could not be locked are left in the ledger.
    ///
    /// Blocks until every worker has ended. A server that grants fewer sessions than asked for gets fewer workers; where
    /// it grants none, everything is left to the coordinator's session.
    func run(_ tasks: [RangeTask]) throws -> [String] {
        let jobs = JobPile(ExportJob.grouping(tasks))
        let count = max(1, min(context.plan.workerCount, jobs.count))
        // A failure must end the other workers' COPY too, not only what they have not begun.
        let inner = Stop()
        stop.whenRequested { inner.request() }
        do {
            try runWorkers(
                Array(0..<count),
                workerCount: count,
                stop: inner,
                makeWorker: { _ in WorkerSeat() },
                body: { _, index in try work(as: index, jobs, inner) },
                finishWorker: { _ in }
            )
        } catch {
            throw stop.isRequested ? Stopped() : jobs.failure ?? error
        }
        context.findings.leave(jobs.takeRest())
        let granted = count - jobs.refusedSessions
        guard granted < count else { return [] }
        return ["the server granted only \(granted) of \(count) sessions for copying"]
    }

    /// Nothing is kept between jobs: a worker is one job that empties the pile.
    private struct WorkerSeat {}

    private func work(as index: Int, _ jobs: JobPile, _ inner: Stop) throws {
        do {
            guard let reader = try connect(index, jobs, inner) else { return }
            let pipeline = try context.makePipeline(stop: inner)
            let work = RangeWork(context: context, connection: reader.connection, pipeline: pipeline)
            while let job = jobs.next(), !inner.isRequested { try take(job, reader, work) }
            if inner.isRequested { throw Stopped() }
            try explaining("the snapshot was lost") { try reader.finish() }
            try pipeline.finish()
        } catch {
            jobs.fail(error)
            inner.request()
            throw error
        }
    }

    private func connect(_ index: Int, _ jobs: JobPile, _ inner: Stop) throws -> SnapshotReader? {
        do {
            return try openReader(attempts: index == 0 ? Self.attempts : 1, inner)
        } catch let error as PostgresError {
            guard error.saysNoRoom else {
                throw error.diagnostic(while: "cannot open a further session on '\(context.plan.source.displayName)'")
            }
            jobs.refuseSession()
            return nil
        }
    }

    /// The session that helped to read the definitions has ended, but the server may count it a moment longer: the one
    /// worker that must have a session asks again.
    private func openReader(attempts: Int, _ inner: Stop) throws -> SnapshotReader {
        for _ in 1..<max(1, attempts) {
            do {
                return try SnapshotReader(context.plan, snapshot: context.snapshot, pinned: context.pinned, stop: inner)
            } catch let error as PostgresError
                where error.saysNoRoom && !error.saysPoolIsEmpty
            {
                // A pooler has waited already.
                usleep(100_000)
            }
        }
        return try SnapshotReader(context.plan, snapshot: context.snapshot, pinned: context.pinned, stop: inner)
    }

    private func take(_ job: ExportJob, _ reader: SnapshotReader, _ work: RangeWork) throws {
        let tables = job.tasks.compactMap { task -> SourceTable? in
            guard case .table(let index) = task.source else { return nil }
            let table = context.inventory.tables[index]
            return table.isCertainlyEmpty ? nil : table
        }
        let refused = try explaining("cannot lock the tables to be read") { try reader.lock(tables) }
        guard !refused.isEmpty else { return try work.take(job.tasks) }
        let isRefused = { (task: RangeTask) -> Bool in
            guard case .table(let index) = task.source else { return false }
            return refused.contains(context.inventory.tables[index].oid)
        }
        context.findings.refuse(job.tasks.filter(isRefused))
        try work.take(job.tasks.filter { !isRefused($0) })
    }
}

/// The jobs that nobody has taken, and what went wrong first.
private final class JobPile: Sendable {
    private struct State {
        var waiting: ArraySlice<ExportJob>
        var failure: (any Error)?
        var refusedSessions = 0
    }

    private let state: Mutex<State>
    let count: Int

    init(_ jobs: [ExportJob]) {
        state = Mutex(State(waiting: jobs[...]))
        count = jobs.count
    }

    var failure: (any Error)? { state.withLock { $0.failure } }
    var refusedSessions: Int { state.withLock { $0.refusedSessions } }

    func next() -> ExportJob? { state.withLock { $0.waiting.popFirst() } }

    func fail(_ error: any Error) {
        state.withLock { if $0.failure == nil { $0.failure = error } }
    }

    func refuseSession() { state.withLock { $0.refusedSessions += 1 } }

    /// What no worker has taken.
    func takeRest() -> [RangeTask] {
        state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting.flatMap(\.tasks)
        }
    }
}
