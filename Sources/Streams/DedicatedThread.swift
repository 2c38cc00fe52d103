import Glibc

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
