import Streams
import Synchronization
import Testing

@testable import Restore

@Suite("Jobs that depend on each other")
struct DependencyQueueTests {
    private typealias Job = DependencyQueue.Job

    private func job(
        after: [Int] = [],
        on: Set<Int> = [],
        shared: Bool = false,
        weight: Int64 = 1,
        group: Int? = nil
    ) -> Job {
        Job(prerequisites: after, resources: on, sharesResources: shared, weight: weight, group: group)
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

    @Test("jobs of one group are taken together, up to the limit, and never with others")
    func groups() {
        let queue = DependencyQueue([
            job(weight: 3, group: 0), job(weight: 9), job(weight: 2, group: 0), job(weight: 3, group: 1),
            job(weight: 1, group: 0), job(after: [0], group: 0),
        ])
        #expect(queue.take(upTo: 9) == [1])
        #expect(queue.take(upTo: 2) == [0, 2])
        #expect(queue.take(upTo: 9) == [3])
        #expect(queue.take(upTo: 9) == [4])
        queue.finish([0, 2])
        #expect(queue.take(upTo: 9) == [5])
        queue.finish([1, 3, 4, 5])
        #expect(queue.take(upTo: 9) == [])
        #expect(queue.unfinished == 0)
    }

    @Test("what is taken together may lock one table, and locks it until all of it is done")
    func groupsAndResources() {
        let queue = DependencyQueue([
            job(on: [7], weight: 4, group: 0), job(on: [7], weight: 3, group: 0), job(on: [7], weight: 2),
            job(on: [8], weight: 1, group: 0),
        ])
        #expect(queue.take(upTo: 2) == [0, 1])
        #expect(queue.take(upTo: 2) == [3])
        queue.finish(0)
        queue.finish(3)
        queue.finish(1)
        #expect(queue.take(upTo: 2) == [2])
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
                weight: Int64.random(in: 0...9, using: &random),
                group: [nil, 0, 1].randomElement(using: &random) ?? nil
            )
        }
        let limit = Int(seed)
        let queue = DependencyQueue(jobs)
        let done = Mutex<[Int]>([])
        try runWorkers(
            Array(0..<4),
            workerCount: 4,
            stop: Stop(),
            makeWorker: { $0 },
            body: { (_: inout Int, _: Int) in
                while case let places = queue.take(upTo: limit), !places.isEmpty {
                    let earlier = done.withLock { Set($0) }
                    #expect(places.flatMap { jobs[$0].prerequisites }.allSatisfy(earlier.contains))
                    #expect(places.count == 1 || Set(places.map { jobs[$0].group }).count == 1)
                    done.withLock { $0 += places }
                    queue.finish(places)
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
