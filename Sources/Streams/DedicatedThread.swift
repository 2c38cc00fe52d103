import Glibc
import Synchronization

/// A flag that blocking loops poll between C calls; set once by whoever wants them to end.
package final class Stop: Sendable {
    private let flag = Atomic(false)
    private let handlers = Mutex<[@Sendable () -> Void]>([])

    /// Creates a flag that is not set.
    package init() {}

    /// Whether somebody asked for an end.
    package var isRequested: Bool { flag.load(ordering: .acquiring) }

    /// Sets the flag and runs the handlers, once, on the caller's thread.
    package func request() {
        guard !flag.exchange(true, ordering: .acquiringAndReleasing) else { return }
        let waiting = handlers.withLock { list in
            defer { list = [] }
            return list
        }
        for handler in waiting { handler() }
    }

    /// Runs `handler` when the flag is set; at once if it already is.
    ///
    /// Handlers must be quick and must not block.
    package func whenRequested(_ handler: @escaping @Sendable () -> Void) {
        let runNow = handlers.withLock { list -> Bool in
            if isRequested { return true }
            list.append(handler)
            return false
        }
        if runNow { handler() }
    }
}

private final class ThreadJob {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

@c private func threadMain(_ raw: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let raw else { return nil }
    Unmanaged<ThreadJob>.fromOpaque(raw).takeRetainedValue().run()
    return nil
}

/// Starts `body` on a thread of its own: C libraries block, and the cooperative pool has only as many threads as cores.
package func startDedicatedThread(_ body: @escaping @Sendable () -> Void) {
    var id = pthread_t()
    let status = pthread_create(&id, nil, threadMain, Unmanaged.passRetained(ThreadJob(body)).toOpaque())
    precondition(status == 0, "cannot start a thread: \(String(cString: strerror(status)))")
    pthread_detach(id)
}

/// Runs blocking work on a thread of its own and suspends until it is done.
package func onDedicatedThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        startDedicatedThread { continuation.resume(with: Result { try body() }) }
    }
}
