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
        let rooted = try RootedTables(RestoreSession.openForRows(target, like: manifest, stop: stop))
        let tally = Mutex(Tally(total: manifest.tables.count))
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
                let proofs = try prover.proofs(of: tables)
                tally.withLock { tally in
                    for (table, found) in zip(tables, proofs) { tally.add(table, found, rooted.root(of: table)) }
                }
            },
            finishWorker: { _ in }
        )
        return tally.withLock { $0.score }
    }

    /// What was found so far.
    private struct Tally {
        /// Partitions among which the target sorts rows anew, by the table above them.
        private struct Together {
            var tables = 0
            var expected = RowProof()
            var found = RowProof()
        }

        private var alone: DrillRun.TableScore
        private var together: [TableName: Together] = [:]

        init(total: Int) { alone = DrillRun.TableScore(total: total) }

        mutating func add(_ table: TableData, _ found: RowProof, _ root: TableName?) {
            guard let root else { return Self.judge(table.fullName, 1, table.proof, found, &alone) }
            var all = together[root] ?? Together()
            all.tables += 1
            all.expected = all.expected + table.proof
            all.found = all.found + found
            together[root] = all
        }

        var score: DrillRun.TableScore {
            var score = alone
            for (root, all) in together { Self.judge(root, all.tables, all.expected, all.found, &score) }
            score.mismatches.sort()
            return score
        }

        private static func judge(
            _ table: TableName,
            _ count: Int,
            _ expected: RowProof,
            _ found: RowProof,
            _ score: inout DrillRun.TableScore
        ) {
            if let mismatch = TableProver.mismatch(table, expected, found) {
                score.mismatches.append(mismatch)
            } else {
                score.proven += count
                score.rows += expected.rows
            }
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
