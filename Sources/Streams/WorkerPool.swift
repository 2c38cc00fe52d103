import Synchronization

/// Runs blocking jobs on `workerCount` dedicated threads that share one queue; the first failure stops the rest.
///
/// `makeWorker` runs on the worker's own thread and creates what that worker keeps for all its jobs (a connection, an
/// archive being written); it never leaves that thread. `finishWorker` runs there too, when the queue is empty,
/// nothing failed and nobody asked for an end. Blocks the calling thread until every worker has ended.
package func runWorkers<Job: Sendable, Worker: ~Copyable>(
    _ jobs: [Job],
    workerCount: Int,
    stop: Stop,
    makeWorker: @escaping @Sendable (_ index: Int) throws -> Worker,
    body: @escaping @Sendable (_ worker: inout Worker, _ job: Job) throws -> Void,
    finishWorker: @escaping @Sendable (_ worker: consuming Worker) throws -> Void
) throws {
    let queue = JobQueue(jobs, stop: stop)
    let ended = Latch(count: workerCount)
    for index in 0..<workerCount {
        startDedicatedThread {
            defer { ended.arrive() }
            do {
                var worker = try makeWorker(index)
                while let job = queue.next() { try body(&worker, job) }
                if queue.mayFinish { try finishWorker(worker) }
            } catch {
                queue.fail(error)
            }
        }
    }
    ended.wait()
    try queue.throwIfFailed()
}

/// What is left to do, and the first thing that went wrong.
private final class JobQueue<Job: Sendable>: Sendable {
    private struct State {
        var waiting: ArraySlice<Job>
        var failure: (any Error)?
    }

    private let state: Mutex<State>
    private let stop: Stop

    init(_ jobs: [Job], stop: Stop) {
        state = Mutex(State(waiting: jobs[...], failure: nil))
        self.stop = stop
    }

    /// Whether the queue ran empty by itself: a worker that was told to end early must not commit what it has.
    var mayFinish: Bool { state.withLock { $0.failure == nil } && !stop.isRequested }

    func next() -> Job? {
        state.withLock { state in
            guard state.failure == nil, !stop.isRequested else { return nil }
            return state.waiting.popFirst()
        }
    }

    func fail(_ error: any Error) {
        state.withLock { state in
            if state.failure == nil { state.failure = error }
        }
    }

    func throwIfFailed() throws {
        if let failure = state.withLock({ $0.failure }) { throw failure }
        if stop.isRequested { throw Stopped() }
    }
}

/// The work ended early because somebody asked for it.
package struct Stopped: Error {
    /// Creates the error.
    package init() {}
}
