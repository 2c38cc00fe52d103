import AgeEncryption
import Model
import PostgresClient
import Repository
import Streams

/// Loads all tables of a point with several connections, the largest first.
///
/// One connection per table: two connections that load one table fight for the end of its file, and lose to one
/// transaction with TRUNCATE and COPY FREEZE (measured; see `docs/performance.md`).
struct DataLoad: Sendable {
    let repository: Repository
    let manifest: Manifest
    let identities: [any Identity]
    let target: ConnectionSettings
    let workers: Int
    let progress: RestoreProgress

    /// Loads `tables`; the first failure stops the rest.
    ///
    /// Memory: a few hundred KiB per worker, whatever the size.
    func run(_ tables: [TableData], stop: Stop) throws {
        let jobs = tables.sorted { ($1.textBytes, $0.fullName) < ($0.textBytes, $1.fullName) }
        try runWorkers(
            jobs,
            workerCount: max(1, min(workers, jobs.count)),
            stop: stop,
            makeWorker: { _ in
                let shelf = ArchiveShelf(repository: repository, manifest: manifest, identities: identities)
                return TableLoader(
                    connection: try RestoreSession.openForRows(target, like: manifest, stop: stop),
                    reader: try RangeReader(shelf: shelf),
                    encoding: manifest.source.encoding,
                    progress: progress
                )
            },
            body: { loader, table in try loader.load(table) },
            finishWorker: { _ in }
        )
    }
}
