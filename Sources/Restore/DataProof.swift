package import Model
package import PostgresClient
package import Streams
import Synchronization

/// Proves all tables of a point with several connections, the largest first.
package struct DataProof: Sendable {
    private let manifest: Manifest
    private let target: ConnectionSettings
    private let workers: Int
    private let progress: RestoreProgress

    /// Creates a proof of what was restored into `target`.
    package init(manifest: Manifest, target: ConnectionSettings, workers: Int, progress: RestoreProgress) {
        self.manifest = manifest
        self.target = target
        self.workers = workers
        self.progress = progress
    }

    /// Reads every table back and compares.
    ///
    /// A difference is a finding, not an error; a table that cannot be read is one.
    package func run(stop: Stop) throws -> DrillRun.TableScore {
        let jobs = Self.grouping(manifest.tables)
        let score = Mutex(DrillRun.TableScore(total: manifest.tables.count))
        try runWorkers(
            jobs,
            workerCount: max(1, min(workers, jobs.count)),
            stop: stop,
            makeWorker: { _ in
                TableProver(
                    connection: try RestoreSession.openForRows(target, like: manifest, stop: stop),
                    encoding: manifest.source.encoding,
                    progress: progress
                )
            },
            body: { prover, tables in
                let mismatches = try prover.mismatches(of: tables)
                score.withLock { score in
                    for (table, mismatch) in zip(tables, mismatches) {
                        if let mismatch {
                            score.mismatches.append(mismatch)
                        } else {
                            score.proven += 1
                            score.rows += table.proof.rows
                        }
                    }
                }
            },
            finishWorker: { _ in }
        )
        return score.withLock { score in
            var score = score
            score.mismatches.sort()
            return score
        }
    }

    /// What one worker proves at a time: a table, or up to 64 small ones; the largest first.
    private static func grouping(_ tables: [TableData]) -> [[TableData]] {
        let sorted = tables.map { (table: $0, bytes: $0.textBytes) }.sorted { $1.bytes < $0.bytes }
        var groups: [[TableData]] = []
        for (table, bytes) in sorted {
            if bytes < 1 << 20, let last = groups.last, last.count < 64, last[0].textBytes < 1 << 20 {
                groups[groups.count - 1].append(table)
            } else {
                groups.append([table])
            }
        }
        return groups
    }
}
