import Model
import PostgresClient
import Streams

/// Gathers statistics on the restored tables: without them the first queries after a recovery are the slowest ever.
struct Analyze: Sendable {
    let target: ConnectionSettings
    let workers: Int

    func run(_ tables: [TableData], stop: Stop) throws {
        let jobs = tables.filter { $0.proof.rows > 0 }.sorted { $1.textBytes < $0.textBytes }
        // A fistful per statement: 10,000 small tables should not cost 10,000 round trips.
        let batches = stride(from: 0, to: jobs.count, by: 16).map { Array(jobs[$0..<min($0 + 16, jobs.count)]) }
        try runWorkers(
            batches,
            workerCount: max(1, min(workers, batches.count)),
            stop: stop,
            makeWorker: { _ in try RestoreSession.openForDefinitions(target, stop: stop) },
            body: { connection, batch in
                let names = try batch.map { table in
                    try connection.quoteIdentifier(table.schema) + "." + connection.quoteIdentifier(table.name)
                }
                do {
                    try connection.execute("ANALYZE " + names.joined(separator: ", "))
                } catch let error as PostgresError {
                    throw error.diagnostic(while: "cannot gather statistics")
                }
            },
            finishWorker: { _ in }
        )
    }
}
