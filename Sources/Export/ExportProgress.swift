import Synchronization

/// How far an export is; written by its workers, sampled by whoever draws a bar.
///
/// Every number only grows, apart from the estimate. Any thread.
package final class ExportProgress: Sendable {
    private let rowCount = Atomic<Int64>(0)
    private let copiedBytes = Atomic<Int64>(0)
    private let finishedTableBytes = Atomic<Int64>(0)
    private let plannedTableBytes = Atomic<Int64>(0)
    private let finishedRanges = Atomic<Int>(0)
    private let plannedRanges = Atomic<Int>(0)
    private let reusedRangeCount = Atomic<Int>(0)
    private let hasConnected = Atomic<Bool>(false)

    /// Starts at zero.
    package init() {}

    /// Whether the server has answered; one that sleeps may take a while to.
    package var isConnected: Bool { hasConnected.load(ordering: .relaxed) }
    /// Rows that came through.
    package var rows: Int64 { rowCount.load(ordering: .relaxed) }
    /// COPY text that came through, in bytes.
    package var textBytes: Int64 { copiedBytes.load(ordering: .relaxed) }
    /// Bytes of tables, as they lie on the server, that are done: read or found unchanged.
    package var tableBytes: Int64 { finishedTableBytes.load(ordering: .relaxed) }
    /// Bytes of tables on the server in all; 0 until the export is planned.
    package var tableBytesTotal: Int64 { plannedTableBytes.load(ordering: .relaxed) }
    package var ranges: Int { finishedRanges.load(ordering: .relaxed) }
    package var rangesTotal: Int { plannedRanges.load(ordering: .relaxed) }
    package var reusedRanges: Int { reusedRangeCount.load(ordering: .relaxed) }

    func connected() { hasConnected.store(true, ordering: .relaxed) }

    func plan(ranges: Int, tableBytes: Int64) {
        plannedRanges.store(ranges, ordering: .relaxed)
        plannedTableBytes.store(tableBytes, ordering: .relaxed)
    }

    func add(rows: Int64, textBytes: Int64) {
        rowCount.wrappingAdd(rows, ordering: .relaxed)
        copiedBytes.wrappingAdd(textBytes, ordering: .relaxed)
    }

    func finishRange(tableBytes: Int64, reused: Bool) {
        finishedRanges.wrappingAdd(1, ordering: .relaxed)
        finishedTableBytes.wrappingAdd(tableBytes, ordering: .relaxed)
        if reused { reusedRangeCount.wrappingAdd(1, ordering: .relaxed) }
    }
}
