import Model

/// One range to be read, or to be found unchanged.
struct RangeTask: Sendable, Hashable {
    enum Source: Sendable, Hashable {
        /// Index into the inventory's tables.
        case table(Int)
        case largeObjects
    }

    /// Which range, whatever is done about it.
    struct ID: Sendable, Hashable {
        var source: Source
        var blocks: BlockRange
    }

    var source: Source
    var blocks: BlockRange
    /// What is known of it in each destination, by index.
    var prospects: [ReuseBasis.Prospect]
    /// About how much of the server's storage it covers, TOAST included.
    var bytes: Int64
    /// Whether its (ctid, xmin) are looked at, for this run or the next.
    var isScanned = true

    var id: ID { ID(source: source, blocks: blocks) }
}

/// Ranges that one worker takes together: one large, or many small, to save round trips.
struct ExportJob: Sendable {
    private static let smallBytes: Int64 = 1 << 20
    private static let batchBytes: Int64 = 8 << 20
    private static let batchCount = 64

    var tasks: [RangeTask]
    var bytes: Int64

    /// Groups tasks into jobs, the largest first, so that none is left for the end.
    static func grouping(_ tasks: [RangeTask]) -> [ExportJob] {
        var jobs: [ExportJob] = []
        var batch = ExportJob(tasks: [], bytes: 0)
        for task in tasks {
            guard task.bytes < smallBytes, task.source != .largeObjects else {
                jobs.append(ExportJob(tasks: [task], bytes: task.bytes))
                continue
            }
            batch.tasks.append(task)
            batch.bytes += task.bytes
            if batch.bytes >= batchBytes || batch.tasks.count >= batchCount {
                jobs.append(batch)
                batch = ExportJob(tasks: [], bytes: 0)
            }
        }
        if !batch.tasks.isEmpty { jobs.append(batch) }
        return jobs.enumerated()
            .sorted { ($1.element.bytes, $0.offset) < ($0.element.bytes, $1.offset) }
            .map(\.element)
    }
}

/// Everything that has to be done; pure.
struct TaskList: Sendable {
    var tasks: [RangeTask]
    private let budget: RereadBudget
    /// What the budget put off, by the destination's index.
    private var shortfalls: [RereadBudget.Shortfall] = []

    /// Cuts every table and says of each range what is known before its rows are looked at.
    ///
    /// One read serves every destination, so all share one set of ranges: the boundaries of the newest base that knows the
    /// table. A base that was cut otherwise has the table read again once, and is cut alike from then on.
    init(
        _ inventory: Inventory,
        largeObjects: LargeObjectListing?,
        reuse: [ReuseVerdict],
        chunks: ChunkPlan,
        budget: RereadBudget = RereadBudget()
    ) {
        self.budget = budget
        let bases = reuse.compactMap(\.basis).sorted { $0.slot > $1.slot }
        tasks = inventory.tables.indices.flatMap { index in
            Self.tasks(of: inventory.tables[index], at: index, bases, reuse, chunks)
        }
        if let largeObjects {
            let bytes = largeObjects.bytes / Int64(max(1, largeObjects.ranges.count))
            tasks += largeObjects.ranges.map { range in
                RangeTask(
                    source: .largeObjects,
                    blocks: range,
                    prospects: reuse.map { .read($0.refusal ?? .notComparable) },
                    bytes: bytes
                )
            }
        }
        shortfalls = reuse.indices.map { budget.apply(to: &tasks, destination: $0) }
    }

    /// What people should know of the list in one destination.
    func notices(for destination: Int) -> [String] {
        shortfalls[destination].notice(of: budget).map { [$0] } ?? []
    }

    private static func tasks(
        of table: SourceTable,
        at index: Int,
        _ bases: [ReuseBasis],
        _ reuse: [ReuseVerdict],
        _ chunks: ChunkPlan
    ) -> [RangeTask] {
        let base = bases.lazy.map { $0.boundaries(of: table) }.first { !$0.isEmpty } ?? []
        let ranges =
            !table.isDivisible
            ? [BlockRange.all]
            : base.isEmpty
                ? chunks.ranges(heapBlocks: table.heapBlocks, toastBytes: table.toastBytes)
                : chunks.ranges(heapBlocks: table.heapBlocks, toastBytes: table.toastBytes, continuing: base)
        // What one of them compares, or will want to compare next time, is looked at.
        let isScanned = !reuse.allSatisfy { $0.basis?.rhythm(of: table)?.decision == .readOnly }
        return ranges.map { blocks in
            RangeTask(
                source: .table(index),
                blocks: blocks,
                prospects: reuse.map { $0.prospect(of: blocks, in: table) },
                bytes: bytes(of: blocks, in: table, chunks),
                isScanned: isScanned
            )
        }
    }

    private static func bytes(of blocks: BlockRange, in table: SourceTable, _ chunks: ChunkPlan) -> Int64 {
        let all = table.heapBlocks * chunks.blockSize + table.toastBytes
        guard table.heapBlocks > 0, table.isDivisible else { return all }
        let end = min(blocks.end ?? table.heapBlocks, table.heapBlocks)
        return Int64(Double(all) * Double(max(0, end - blocks.first)) / Double(table.heapBlocks))
    }
}
