import Glibc
import Streams
import Synchronization
import Testing

@Suite("Workers")
struct WorkerPoolTests {
    private struct Broken: Error, Equatable { let job: Int }

    @Test("every job runs once, each worker on a thread of its own from start to end")
    func threads() throws {
        let done = Mutex<[Int]>([])
        let threads = Mutex<[Int: Set<UInt>]>([:])
        let everybodyHere = Latch(count: 3)
        try runWorkers(
            Array(0..<300),
            workerCount: 3,
            stop: Stop(),
            makeWorker: { index in
                // Only three threads at once can open the gate.
                everybodyHere.arrive()
                everybodyHere.wait()
                threads.withLock { _ = $0[index, default: []].insert(pthread_self()) }
                return index
            },
            body: { index, job in
                threads.withLock { _ = $0[index, default: []].insert(pthread_self()) }
                done.withLock { $0.append(job) }
            },
            finishWorker: { index in
                threads.withLock { _ = $0[index, default: []].insert(pthread_self()) }
            }
        )
        #expect(done.withLock { $0.sorted() } == Array(0..<300))
        let perWorker = threads.withLock { $0 }
        #expect(perWorker.count == 3 && perWorker.values.allSatisfy { $0.count == 1 })
        #expect(Set(perWorker.values.joined()).count == 3)
    }

    @Test("the first failure stops the rest, is what the caller gets, and nothing is finished")
    func failure() throws {
        let done = ProgressCounter()
        let finished = ProgressCounter()
        #expect(throws: Broken(job: 10)) {
            try runWorkers(
                Array(0..<1_000_000),
                workerCount: 2,
                stop: Stop(),
                makeWorker: { _ in 0 },
                body: { _, job in
                    if job == 10 { throw Broken(job: job) }
                    done.add(1)
                },
                finishWorker: { _ in finished.add(1) }
            )
        }
        #expect(done.value < 999_999)
        #expect(finished.value == 0)
    }

    @Test("a worker that cannot start is a failure")
    func cannotStart() throws {
        #expect(throws: Broken(job: -1)) {
            try runWorkers(
                [1],
                workerCount: 1,
                stop: Stop(),
                makeWorker: { _ -> Int in throw Broken(job: -1) },
                body: { _, _ in },
                finishWorker: { _ in }
            )
        }
    }

    @Test("a requested end leaves jobs undone and finishes nothing")
    func stopped() throws {
        let stop = Stop()
        let finished = ProgressCounter()
        #expect(throws: Stopped.self) {
            try runWorkers(
                Array(0..<100),
                workerCount: 2,
                stop: stop,
                makeWorker: { _ in 0 },
                body: { _, job in if job == 5 { stop.request() } },
                finishWorker: { _ in finished.add(1) }
            )
        }
        #expect(finished.value == 0)
    }
}

@Suite("Dedicated threads")
struct DedicatedThreadTests {
    @Test("blocking work leaves the caller's thread and brings back its result or its error")
    func results() async throws {
        struct Refused: Error {}
        #expect(try await onDedicatedThread { 42 } == 42)
        await #expect(throws: Refused.self) { try await onDedicatedThread { throw Refused() } }
    }

    @Test("more threads may block at once than there are cores")
    func blocking() async throws {
        // Each waits for all: with a pool of one thread per core this would never end.
        let all = Latch(count: 64)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    try await onDedicatedThread {
                        all.arrive()
                        all.wait()
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
