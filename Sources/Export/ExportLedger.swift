import Model
import Synchronization

/// What a run has for one repository so far; any thread.
final class ExportLedger: Sendable {
    private struct State {
        var ranges: [RangeTask.ID: TableRange] = [:]
        var reused: Set<RangeTask.ID> = []
        var changed: Set<RangeTask.ID> = []
        var reads: [ReadReason: RangeCount] = [:]
        var reuse = RangeCount()
        var textBytesRead: Int64 = 0
    }

    private let state = Mutex(State())

    /// Records a range that was read, and why.
    func read(_ task: RangeTask, _ range: TableRange, because reason: ReadReason) {
        state.withLock { state in
            state.ranges[task.id] = range
            state.reads[reason, default: RangeCount()].add(range)
            state.textBytesRead += range.textBytes
            if reason == .rowsChanged || reason == .newRange { state.changed.insert(task.id) }
        }
    }

    /// Records a range that is taken over.
    func reuse(_ task: RangeTask, _ range: TableRange) {
        state.withLock { state in
            state.ranges[task.id] = range
            state.reused.insert(task.id)
            state.reuse.add(range)
        }
    }

    /// Forgets the ranges that were taken over, and says which they were.
    func forgetReused() -> Set<RangeTask.ID> {
        state.withLock { state in
            defer {
                for task in state.reused { state.ranges[task] = nil }
                state.reused = []
                state.reuse = RangeCount()
            }
            return state.reused
        }
    }

    /// What was found of one task; nil when nobody took it.
    func range(of task: RangeTask) -> TableRange? { state.withLock { $0.ranges[task.id] } }

    /// Whether a task's rows were found changed, or new.
    func hasChanged(_ task: RangeTask) -> Bool { state.withLock { $0.changed.contains(task.id) } }

    var reused: RangeCount { state.withLock { $0.reuse } }
    var reads: [ReadReason: RangeCount] { state.withLock { $0.reads } }
    var textBytesRead: Int64 { state.withLock { $0.textBytesRead } }
}

/// How many ranges, and how much COPY text they stand for.
package struct RangeCount: Sendable, Hashable {
    package private(set) var ranges = 0
    package private(set) var textBytes: Int64 = 0
    package private(set) var rows: Int64 = 0

    mutating func add(_ range: TableRange) {
        ranges += 1
        textBytes += range.textBytes
        rows += range.proof.rows
    }
}
