package import Model
import Synchronization

/// Times the parts of a run; parts may overlap, and any thread may begin one.
package final class PhaseRecorder: Sendable {
    private let phases = Mutex<[Phase]>([])

    /// Creates a recorder without phases.
    package init() {}

    /// The phases so far, in the order in which they began.
    package var recorded: [Phase] { phases.withLock { $0.sorted { $0.started < $1.started } } }

    /// Runs `body` as one phase; it is recorded also when `body` throws.
    package func measure<Result>(_ name: String, bytes: Int64? = nil, _ body: () throws -> Result) rethrows -> Result {
        let started = Instant.now
        let clock = ContinuousClock.now
        defer {
            let phase = Phase(name: name, started: started, seconds: (.now - clock).inSeconds, bytes: bytes)
            phases.withLock { $0.append(phase) }
        }
        return try body()
    }
}
