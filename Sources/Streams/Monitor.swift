import Glibc

/// A value that several threads change and wait for.
///
/// `@unchecked Sendable`: the mutex and condition are pthread objects at a fixed address, and `state` is only touched
/// while the mutex is held.
package final class Monitor<State>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var state: State

    /// Begins with `state`.
    package init(_ state: sending State) {
        self.state = state
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Changes the value; whoever waits looks at it again.
    package func change<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
        try when({ _ in true }, body)
    }

    /// Blocks until the value fits, and changes it in the same step.
    package func when<Result>(
        _ fits: (State) -> Bool,
        _ body: (inout State) throws -> Result
    ) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(condition)
            pthread_mutex_unlock(mutex)
        }
        while !fits(state) { pthread_cond_wait(condition, mutex) }
        return try body(&state)
    }
}
