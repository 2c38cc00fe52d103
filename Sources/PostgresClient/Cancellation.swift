import CPQ
import Glibc
import Streams
import Synchronization

/// The right to cancel whatever a connection is running, from any thread.
///
/// It opens a connection of its own to do so and therefore blocks for as long as that takes. Cancelling a connection
/// that runs nothing, or that is closed, does nothing.
package final class Cancellation: Sendable {
    private struct State {
        var handle: CancelHandle?
        var socket: Int32
        var isBusy = false
        var hasHungUp = false
    }

    /// How long a server has to end a statement that it was asked to end.
    private static let patienceSeconds: UInt32 = 10

    private let state: Mutex<State>

    init(connection: OpaquePointer) {
        state = Mutex(State(handle: CancelHandle(connection), socket: PQsocket(connection)))
    }

    /// Asks the server to end the running statement; it fails there with SQLSTATE 57014.
    ///
    /// Blocks.
    package func cancel() {
        guard let handle = state.withLock({ $0.isBusy ? $0.handle : nil }) else { return }
        handle.cancel()
    }

    /// Asks again and again until the statement has ended: a request that arrives just before the statement reaches the
    /// server is lost.
    ///
    /// Where that does not help, it hangs up: a pooler that has given this session no server has nobody to ask. Returns at
    /// once; a thread of its own does the work.
    func cancelUntilIdle() {
        guard isBusy else { return }
        // Another thread, because asking may itself wait.
        startDedicatedThread { [weak self] in
            sleep(Self.patienceSeconds)
            self?.hangUp()
        }
        startDedicatedThread {
            while self.isBusy {
                self.cancel()
                usleep(100_000)
            }
        }
    }

    /// Ends the connection under a statement that still runs: whoever waits for its answer hears that there is none.
    func hangUp() {
        state.withLock { state in
            guard state.isBusy, state.handle != nil, state.socket >= 0 else { return }
            state.hasHungUp = true
            _ = shutdown(state.socket, Int32(SHUT_RDWR))
        }
    }

    /// Whether the connection was lost because of us.
    var hasHungUp: Bool { state.withLock { $0.hasHungUp } }

    /// Told by the connection when a statement starts and when it has ended.
    func setBusy(_ busy: Bool) { state.withLock { $0.isBusy = busy } }

    /// Told by the connection when it closes.
    func invalidate() {
        state.withLock { state in
            state.isBusy = false
            state.handle = nil
        }
    }

    private var isBusy: Bool { state.withLock { $0.isBusy } }
}

/// A `PGcancel`, freed when the last user lets go.
///
/// `@unchecked Sendable`: a `PGcancel` never changes after its creation, and libpq documents `PQcancel` as safe to call
/// from any thread while the connection is in use elsewhere.
private final class CancelHandle: @unchecked Sendable {
    private let raw: OpaquePointer

    init?(_ connection: OpaquePointer) {
        guard let raw = PQgetCancel(connection) else { return nil }
        self.raw = raw
    }

    deinit { PQfreeCancel(raw) }

    func cancel() {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { message in
            _ = PQcancel(raw, message.baseAddress, Int32(message.count))
        }
    }
}
