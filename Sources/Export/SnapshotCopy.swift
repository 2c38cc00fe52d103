import Diagnostics
import PostgresClient
import Streams
import Synchronization

/// Reads ranges under the snapshot: with workers, and on the coordinator's own session what they cannot have.
///
/// Belongs to the coordinator's thread, which looks meanwhile for sessions that wait because of the export.
struct SnapshotCopy {
    let context: ExportContext
    /// The coordinator's, which holds the snapshot and every lock.
    let connection: Connection
    let waits: LockWaits
    let stop: Stop

    /// Reads `tasks`, or finds them unchanged; returns what people should know.
    func take(_ tasks: [RangeTask]) throws -> [String] {
        guard !tasks.isEmpty else { return [] }
        let watch = LockWatch(connection, holder: context.snapshot.holder, waits: waits)
        let findings = context.findings
        do {
            let notices = try takeTogether(tasks, watch)
            try takeAlone(findings.takeLeft(), watch)
            let refused = findings.takeRefused()
            try takeAlone(refused, watch)
            return notices + refusals(refused)
        } catch let unprintable as UnprintableRow {
            throw try explaining("the snapshot was lost") { try unprintable.diagnostic(on: connection) }
        }
    }

    /// Lets the workers read.
    private func takeTogether(_ tasks: [RangeTask], _ watch: LockWatch) throws -> [String] {
        let inner = Stop()
        stop.whenRequested { inner.request() }
        let ended = Latch(count: 1)
        let result = Mutex<Result<[String], any Error>?>(nil)
        let workers = ExportWorkers(context: context, stop: inner)
        startDedicatedThread {
            let outcome = Result { try workers.run(tasks) }
            result.withLock { $0 = outcome }
            ended.arrive()
        }
        defer { ended.wait() }
        while !ended.wait(atMost: LockWatch.interval) {
            do {
                try watch.lookIfDue()
            } catch {
                inner.request()
                throw error
            }
        }
        return try result.withLock { try $0?.get() } ?? []
    }

    /// Reads ranges on the session that holds the locks.
    private func takeAlone(_ tasks: [RangeTask], _ watch: LockWatch) throws {
        guard !tasks.isEmpty else { return }
        let pipeline = try context.makePipeline(stop: stop)
        let work = RangeWork(context: context, connection: connection, pipeline: pipeline)
        for task in tasks {
            try watch.lookIfDue()
            try work.take([task])
        }
        try pipeline.finish()
    }

    /// Whom workers had to make way for.
    private func refusals(_ refused: [RangeTask]) -> [String] {
        Set(refused.map(\.source)).compactMap { source in
            guard case .table(let index) = source else { return nil }
            let name = context.inventory.tables[index].displayName
            return "a session waits for table '\(name)' until this export ends (it wants an ACCESS EXCLUSIVE lock)"
        }.sorted()
    }
}
