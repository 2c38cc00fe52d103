import Synchronization

/// What the workers of a run leave to its coordinator, whatever the repository; any thread.
final class ExportFindings: Sendable {
    private struct State {
        var refused: [RangeTask] = []
        var contradictions: [String] = []
    }

    private let state = Mutex(State())

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

    var contradictions: [String] { state.withLock { $0.contradictions } }
}
