import Synchronization

/// What the workers of a run leave to its coordinator, whatever the repository; any thread.
final class ExportFindings: Sendable {
    private struct State {
        var refused: [RangeTask] = []
        var left: [RangeTask] = []
        var contradictions: [String] = []
    }

    private let state = Mutex(State())

    /// Records ranges whose table a worker could not lock.
    func refuse(_ tasks: [RangeTask]) { state.withLock { $0.refused += tasks } }

    /// Records ranges for which no worker had a session.
    func leave(_ tasks: [RangeTask]) { state.withLock { $0.left += tasks } }

    /// Hands over the ranges that are left to the coordinator because there was no session for them.
    func takeLeft() -> [RangeTask] {
        state.withLock { state in
            defer { state.left = [] }
            return state.left
        }
    }

    /// Records that a range changed without looking changed, or the other way round.
    func contradict(_ text: String) { state.withLock { $0.contradictions.append(text) } }

    /// Hands over the ranges that are left to the coordinator because somebody waits for their tables.
    func takeRefused() -> [RangeTask] {
        state.withLock { state in
            defer { state.refused = [] }
            return state.refused
        }
    }

    var contradictions: [String] { state.withLock { $0.contradictions } }
}
