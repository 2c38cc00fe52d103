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
        let jobs = manifest.tables.sorted { ($1.textBytes, $0.fullName) < ($0.textBytes, $1.fullName) }
        let score = Mutex(DrillRun.TableScore(total: jobs.count))
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
            body: { prover, table in
                let mismatch = try prover.mismatch(of: table)
                score.withLock { score in
                    if let mismatch {
                        score.mismatches.append(mismatch)
                    } else {
                        score.proven += 1
                        score.rows += table.proof.rows
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
}
