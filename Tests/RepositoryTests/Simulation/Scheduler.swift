import Dispatch
import Model
import Streams
import Synchronization

/// Runs threads one at a time on a clock of its own: whoever wakes next is handed control, and time jumps to that moment.
///
/// Between two steps of a thread any number of others may run, for as long as its pause lasts. The same seed gives the
/// same history.
final class Scheduler: Sendable {
    /// One thread: its next moment, and the baton that it waits for.
    final class Turn: Sendable {
        let name: String
        fileprivate let baton = DispatchSemaphore(value: 0)
        fileprivate let state: Mutex<(wake: Duration, hasEnded: Bool)>

        init(_ name: String, at wake: Duration) {
            self.name = name
            state = Mutex((wake, false))
        }
    }

    private struct State {
        var now = Duration.zero
        var turns: [Turn] = []
    }

    private let state = Mutex(State())
    private let returned = DispatchSemaphore(value: 0)

    /// The time since the beginning, suspensions included.
    var now: Duration { state.withLock { $0.now } }

    /// Adds a thread that begins at `wake`.
    func add(_ name: String, at wake: Duration, _ body: @escaping @Sendable (Turn) -> Void) {
        let turn = Turn(name, at: wake)
        state.withLock { $0.turns.append(turn) }
        startDedicatedThread { [self] in
            turn.baton.wait()
            body(turn)
            turn.state.withLock { $0.hasEnded = true }
            returned.signal()
        }
    }

    /// Lets the others run for `pause`; only the thread whose turn it is may call this.
    func pause(_ turn: Turn, for pause: Duration) {
        let wake = now + pause
        turn.state.withLock { $0.wake = wake }
        returned.signal()
        turn.baton.wait()
    }

    /// Hands control around until every thread has ended.
    func run() {
        while let next = nextTurn() {
            next.baton.signal()
            returned.wait()
        }
    }

    /// The earliest to wake, the first added among equals; moves the clock there.
    private func nextTurn() -> Turn? {
        state.withLock { state in
            var best: (turn: Turn, wake: Duration)?
            for turn in state.turns {
                let (wake, hasEnded) = turn.state.withLock { $0 }
                if !hasEnded, best.map({ wake < $0.wake }) ?? true { best = (turn, wake) }
            }
            if let best { state.now = max(state.now, best.wake) }
            return best?.turn
        }
    }
}
