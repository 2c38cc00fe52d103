import Glibc
import Synchronization

/// A flag that blocking loops poll between C calls; set once by whoever wants them to end.
package final class Stop: Sendable {
    private let flag = Atomic(false)
    private let handlers = Mutex<[@Sendable () -> Void]>([])
    private let limit = Mutex(Limit())
    private let outer: Stop?

    private struct Limit {
        /// Opened when the limit is lifted; nil while there is none.
        var gate: Latch?
        /// Why the flag was set, when it was by the end of the time.
        var reason: (any Error)?
    }

    /// Creates a flag that is not set.
    package init() { outer = nil }

    /// Creates a flag that is set when `outer` is, and may be set earlier.
    package init(within outer: Stop) {
        self.outer = outer
        outer.whenRequested { [weak self] in self?.request() }
    }

    deinit { limit.withLock { $0.gate?.arrive() } }

    /// Whether somebody asked for an end.
    package var isRequested: Bool { flag.load(ordering: .acquiring) }

    /// What to tell whoever waits for the result; nil when nobody asked for an end.
    package var error: (any Error)? { isRequested ? limit.withLock { $0.reason } ?? Stopped() : nil }

    /// Waits; returns false, at once, when somebody asks for an end.
    package func sleep(atMost length: Duration) -> Bool {
        let end = ContinuousClock.now + length
        while !isRequested, case let left = end - .now, left > .zero {
            usleep(UInt32(min(left, .milliseconds(100)) / .microseconds(1)) + 1)
        }
        return !isRequested
    }

    /// Sets the flag and runs the handlers, once, on the caller's thread.
    package func request() {
        guard !flag.exchange(true, ordering: .acquiringAndReleasing) else { return }
        runHandlers()
    }

    private func runHandlers() {
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

    /// Sets the flag when `time` is over, unless the limit is lifted before; `reason` is asked then.
    ///
    /// At most once for each flag. Time during which the machine sleeps does not count.
    package func limit(to time: Duration, because reason: @escaping @Sendable () -> any Error) {
        let gate = Latch(count: 1)
        limit.withLock { $0.gate = gate }
        // A thread of its own: those of a pool may all be busy with what is to be ended.
        startDedicatedThread { [weak self] in
            guard !gate.wait(atMost: time), let self else { return }
            let isOver = limit.withLock { limit in
                guard limit.gate === gate, !flag.exchange(true, ordering: .acquiringAndReleasing) else { return false }
                limit.reason = reason()
                return true
            }
            if isOver { runHandlers() }
        }
    }

    /// Ends the limit: what is left (to tidy up, to record what happened) may take its time.
    ///
    /// A flag that was set by the end of the time is not set any more. Nobody may wait for it by then. Returns whether the
    /// time was over.
    @discardableResult
    package func liftLimit() -> Bool {
        let wasOver = limit.withLock { limit in
            defer { limit = Limit() }
            limit.gate?.arrive()
            if limit.reason != nil { flag.store(false, ordering: .releasing) }
            return limit.reason != nil
        }
        if outer?.isRequested == true { request() }
        return wasOver
    }
}
