import Model
import Repository
import Synchronization
import Terminal

/// How far a verification has come: written by its thread, sampled by the display.
final class VerifyCounters: Sendable {
    private let state = Mutex(ProgressSample(phase: "preparing"))

    var sample: ProgressSample { state.withLock { $0 } }

    func begin(_ plan: PlanName) {
        state.withLock { $0 = ProgressSample(phase: "reading \(plan)") }
    }

    func update(_ read: VerifyProgress) {
        state.withLock {
            $0.doneBytes = read.bytesRead
            $0.totalBytes = read.bytesTotal
        }
    }
}
