import Streams
import Synchronization
import Testing

@Suite("A flag that ends a run")
struct StopTests {
    private struct Late: Error {}

    /// Waits until the flag is set, for a while.
    private func isSet(_ stop: Stop) -> Bool {
        let latch = Latch(count: 1)
        stop.whenRequested { latch.arrive() }
        return latch.wait(atMost: .seconds(20))
    }

    @Test("the end of the time sets it and says why; when the limit is lifted it is not set any more")
    func limit() {
        let stop = Stop(within: Stop())
        stop.limit(to: .milliseconds(20)) { Late() }
        #expect(isSet(stop) && stop.isRequested && stop.error is Late)
        stop.liftLimit()
        #expect(!stop.isRequested && stop.error == nil)
    }

    @Test("a limit that was lifted in time does nothing")
    func lifted() {
        let (stop, other) = (Stop(), Stop())
        stop.limit(to: .milliseconds(50)) { Late() }
        stop.liftLimit()
        other.limit(to: .milliseconds(150)) { Late() }
        #expect(isSet(other) && !stop.isRequested)
    }

    @Test("whoever stops all stops each, with or without a limit, and also while one tidies up")
    func outer() {
        let outer = Stop()
        let (first, second) = (Stop(within: outer), Stop(within: outer))
        first.limit(to: .milliseconds(20)) { Late() }
        #expect(isSet(first) && !second.isRequested && !outer.isRequested)
        outer.request()
        #expect(second.error is Stopped)
        first.liftLimit()
        #expect(first.error is Stopped)
    }

    @Test("a flag that nobody holds any more is not kept for its limit")
    func forgotten() {
        let asked = Atomic(false)
        let outer = Stop()
        do {
            let stop = Stop(within: outer)
            stop.limit(to: .milliseconds(20)) {
                asked.store(true, ordering: .releasing)
                return Late()
            }
        }
        let other = Stop()
        other.limit(to: .milliseconds(100)) { Late() }
        #expect(isSet(other) && !asked.load(ordering: .acquiring))
    }

    @Test("every handler runs exactly once, whether it came before or after the request")
    func handlers() {
        let stop = Stop()
        let early = ProgressCounter()
        let late = ProgressCounter()
        stop.whenRequested { early.add(1) }
        stop.whenRequested { early.add(1) }
        #expect(!stop.isRequested && early.value == 0)
        stop.request()
        stop.request()
        #expect(stop.isRequested && early.value == 2)
        stop.whenRequested { late.add(1) }
        #expect(late.value == 1)
    }

    @Test("no handler is lost when it races with the request")
    func race() throws {
        for _ in 0..<200 {
            let stop = Stop()
            let ran = ProgressCounter()
            try runWorkers(
                [0, 1, 2, 3],
                workerCount: 2,
                stop: Stop(),
                makeWorker: { _ in 0 },
                body: { _, job in
                    if job == 1 { stop.request() } else { stop.whenRequested { ran.add(1) } }
                },
                finishWorker: { _ in }
            )
            #expect(ran.value == 3)
        }
    }
}
