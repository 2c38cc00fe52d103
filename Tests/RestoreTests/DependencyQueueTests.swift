import Streams
import Synchronization
import Testing

@testable import Restore

@Suite("Jobs that depend on each other")
struct DependencyQueueTests {
    private typealias Job = DependencyQueue.Job

    private func job(after: [Int] = [], on: Set<Int> = [], shared: Bool = false, weight: Int64 = 1) -> Job {
        Job(prerequisites: after, resources: on, sharesResources: shared, weight: weight)
    }

    @Test("a job waits for what it depends on, and the heaviest ready job goes first")
    func order() {
        let queue = DependencyQueue([job(after: [1, 2]), job(weight: 1), job(weight: 9)])
        #expect(queue.take() == 2)
        #expect(queue.take() == 1)
        queue.finish(1)
        queue.finish(2)
        #expect(queue.take() == 0)
        queue.finish(0)
        #expect(queue.take() == nil)
        #expect(queue.unfinished == 0)
    }

    @Test("two jobs that lock one table do not run together, two that only share it do")
    func resources() {
        let queue = DependencyQueue([
            job(on: [7], weight: 4), job(on: [7], weight: 3), job(on: [8], shared: true, weight: 2),
            job(on: [8], shared: true, weight: 1),
        ])
        #expect(queue.take() == 0)
        #expect(queue.take() == 2)
        #expect(queue.take() == 3)
        queue.finish(0)
        #expect(queue.take() == 1)
    }

    @Test("a circle ends the queue instead of waiting for ever")
    func circle() {
        let queue = DependencyQueue([job(after: [1]), job(after: [0])])
        #expect(queue.take() == nil)
        #expect(queue.unfinished == 2)
    }

    @Test("many threads run every job once, after its prerequisites", arguments: [1, 2, 3, 4, 5])
    func threads(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let jobs = (0..<400).map { place in
            let after =
                place == 0
                ? []
                : (0..<Int.random(in: 0...3, using: &random)).map { _ in
                    Int.random(in: 0..<place, using: &random)
                }
            return job(
                after: Array(Set(after)),
                on: [Int.random(in: 0..<20, using: &random)],
                shared: Bool.random(using: &random),
                weight: Int64.random(in: 0...9, using: &random)
            )
        }
        let queue = DependencyQueue(jobs)
        let done = Mutex<[Int]>([])
        try runWorkers(
            Array(0..<4),
            workerCount: 4,
            stop: Stop(),
            makeWorker: { $0 },
            body: { (_: inout Int, _: Int) in
                while let place = queue.take() {
                    let earlier = done.withLock { Set($0) }
                    #expect(jobs[place].prerequisites.allSatisfy(earlier.contains))
                    done.withLock { $0.append(place) }
                    queue.finish(place)
                }
            },
            finishWorker: { _ in }
        )
        #expect(done.withLock { $0.sorted() } == Array(0..<400))
    }
}

/// A small seeded generator, so that a failing case can be run again.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
