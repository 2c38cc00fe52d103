import Model
import Synchronization

/// What the workers have found so far; any thread.
final class ExportLedger: Sendable {
    private struct State {
        var ranges: [RangeTask.ID: TableRange] = [:]
        var reused: [RangeTask] = []
        var reads: [ReadReason: RangeCount] = [:]
        var reuse = RangeCount()
        var refused: [RangeTask] = []
        var contradictions: [String] = []
        var textBytesRead: Int64 = 0
    }

    private let state = Mutex(State())

    /// Records a range that was read, and why.
    func read(_ task: RangeTask, _ range: TableRange, because reason: ReadReason) {
        state.withLock { state in
            state.ranges[task.id] = range
            state.reads[reason, default: RangeCount()].add(range)
            state.textBytesRead += range.textBytes
        }
    }

    /// Records a range that is taken over.
    func reuse(_ task: RangeTask, _ range: TableRange) {
        state.withLock { state in
            state.ranges[task.id] = range
            state.reused.append(task)
            state.reuse.add(range)
        }
    }

    /// Records ranges whose table a worker could not lock.
    func refuse(_ tasks: [RangeTask]) { state.withLock { $0.refused += tasks } }

    /// Records that a range changed without looking changed, or the other way round.
    func contradict(_ text: String) { state.withLock { $0.contradictions.append(text) } }

    /// Hands over the ranges that are left to the coordinator.
    func takeRefused() -> [RangeTask] {
        state.withLock { state in
            defer { state.refused = [] }
            return state.refused
        }
    }

    /// Hands over the ranges that were taken over, which are then no longer counted as such.
    func takeReused() -> [RangeTask] {
        state.withLock { state in
            defer {
                for task in state.reused { state.ranges[task.id] = nil }
                state.reused = []
                state.reuse = RangeCount()
            }
            return state.reused
        }
    }

    /// What was found of one task; nil when nobody took it.
    func range(of task: RangeTask) -> TableRange? { state.withLock { $0.ranges[task.id] } }

    var contradictions: [String] { state.withLock { $0.contradictions } }
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
