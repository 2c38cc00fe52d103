import Catalog
import Diagnostics
import Model
import PostgresClient
import Streams
import Synchronization

/// Fills a database whose tables are there: rows, what needs rows (indexes, constraints, triggers, …), and statistics.
///
/// One queue for all three, so that no connection waits for the largest table: a table's indexes are built while others
/// are still loaded. One connection per table: two connections that load one table fight for the end of its file, and
/// lose to one transaction with TRUNCATE and COPY FREEZE (measured; see `docs/performance.md`).
struct Filling: Sendable {
    let archives: ArchiveCopies
    let manifest: Manifest
    /// Tables that were there before: whatever they hold stays.
    let standing: Set<TableName>
    let builder: SchemaBuilder
    /// Tables that call functions while they are loaded.
    let calling: CallingTables
    let rooted: RootedTables
    let progress: RestoreProgress
    let phases: PhaseRecorder
    let options: RestoreOptions

    /// How many small jobs share a transaction, and a round trip where they have no rows: each commit waits for a disk.
    private static let batch = 32

    /// Does all of `plan`.
    ///
    /// The first failure stops the rest, but for what the target refuses: that is left out and told. Blocks. Memory: a few hundred KiB per worker, whatever the size.
    func run(_ plan: FillingPlan, stop: Stop) throws -> BuiltParts {
        guard !plan.jobs.isEmpty else { return BuiltParts() }
        let queue = DependencyQueue(plan.jobs.map(\.ordering))
        let built = Mutex(BuiltParts())
        stop.whenRequested { queue.close() }
        let workerCount = max(1, min(builder.workers, plan.jobs.count))
        progress.begin(FillingPlan.Work.Phase.load.rawValue)
        try runWorkers(
            Array(0..<workerCount),
            workerCount: workerCount,
            stop: stop,
            makeWorker: { _ in FillingSeat(self, stop) },
            body: { seat, _ in
                while true {
                    let places = queue.take(upTo: Self.batch)
                    if places.isEmpty { return }
                    do {
                        let unloaded = built.withLock { $0.unloaded }
                        let done = try self.do(places.map { plan.jobs[$0] }, seat, unloaded)
                        built.withLock { $0.add(done) }
                        queue.finish(places)
                    } catch {
                        queue.close()
                        throw error
                    }
                }
            },
            finishWorker: { _ in }
        )
        guard queue.unfinished == 0 else {
            throw Diagnostic(.internalError, "\(queue.unfinished) definitions wait for each other in a circle")
        }
        return built.withLock { $0 }
    }

    /// Does jobs that were taken together: they are of one kind.
    ///
    /// `unloaded` are the tables that were refused so far.
    private func `do`(
        _ jobs: [FillingPlan.Job],
        _ seat: FillingSeat,
        _ unloaded: [ObjectIdentity: String]
    ) throws -> BuiltParts {
        let works = jobs.map(\.work)
        guard let phase = works[0].phase else {
            if case .everythingLoaded = works[0] { progress.begin(FillingPlan.Work.Phase.build.rawValue) }
            return BuiltParts()
        }
        let bytes = works.compactMap(\.bytes)
        return try phases.measurePart(phase.rawValue, bytes: bytes.isEmpty ? nil : bytes.reduce(0, +)) {
            switch works[0] {
            case .load:
                let areEmpty = jobs[0].ordering.group == FillingPlan.smallLoads
                return try seat.tables().loadIfTaken(works.compactMap(\.table), areEmpty: areEmpty)
            case .settle(let tables): return try seat.settling().run(tables, refused: unloaded)
            case .largeObjects(let data): try seat.largeObjects().load(data)
            case .build(let first):
                return try builder.build(works.compactMap(\.step), on: seat.builder().connection(for: first))
            case .analyze(let tables): return try Analyze(connection: seat.builder().plain).run(tables)
            case .othersLoaded, .everythingLoaded: break
            }
            return BuiltParts()
        }
    }
}

/// What one thread keeps from job to job, opened when it is first needed.
private final class FillingSeat {
    private let filling: Filling
    private let stop: Stop
    private var shelf: ArchiveShelf?
    private var loader: (loads: TableLoader, connection: Connection)?
    private var seat: BuilderSeat?

    init(_ filling: Filling, _ stop: Stop) {
        self.filling = filling
        self.stop = stop
    }

    func tables() throws -> TableLoader { try rows().loads }

    func settling() throws -> Settling {
        let (loader, connection) = try rows()
        return Settling(connection: connection, loader: loader, calling: filling.calling)
    }

    private func rows() throws -> (loads: TableLoader, connection: Connection) {
        if let loader { return loader }
        let target = filling.builder.loader ?? filling.builder.target
        let connection = try RestoreSession.openForRows(target, like: filling.manifest, stop: stop)
        let made = TableLoader(
            connection: connection,
            reader: try RangeReader(shelf: archives()),
            encoding: filling.manifest.source.encoding,
            standing: filling.standing,
            rooted: filling.rooted,
            progress: filling.progress
        )
        loader = (made, connection)
        return (made, connection)
    }

    func largeObjects() throws -> LargeObjectLoader {
        LargeObjectLoader(
            connection: try RestoreSession.openForRows(filling.builder.target, like: filling.manifest, stop: stop),
            reader: try RangeReader(shelf: archives()),
            progress: filling.progress,
            options: filling.options
        )
    }

    func builder() throws -> BuilderSeat {
        if let seat { return seat }
        let made = try BuilderSeat(
            filling.builder.target,
            loader: filling.builder.loader,
            sortingKilobytes: FillingPlan.sortingKilobytes(workers: filling.builder.workers),
            stop: stop
        )
        seat = made
        return made
    }

    private func archives() -> ArchiveShelf {
        if let shelf { return shelf }
        let made = ArchiveShelf(filling.archives)
        shelf = made
        return made
    }
}
