import PostgresClient
import Streams
import Synchronization

/// Watches over the locks of an export while the session that has them is busy itself: with the catalog, with counting.
///
/// Looks through the coordinator's second session, which nothing is asked of meanwhile, on a thread of its own.
struct LockVigil {
    let probe: Connection
    let holder: String
    let waits: LockWaits
    /// Requested when the export has to give way: ends whatever its sessions are doing.
    let giveWay: Stop

    /// Runs `body`, which must leave the second session alone, and gives way for it where somebody has waited for too long.
    ///
    /// Throws what ended the watch rather than what that made of `body`.
    func during<Value>(_ body: () throws -> Value) throws -> Value {
        let (over, gone) = (Latch(count: 1), Latch(count: 1))
        let verdict = Mutex<(any Error)?>(nil)
        // No thread but the new one asks anything of it before `gone`.
        nonisolated(unsafe) let probe = probe
        let (holder, waits, giveWay) = (holder, waits, giveWay)
        startDedicatedThread {
            defer { gone.arrive() }
            let watch = LockWatch(probe, holder: holder, waits: waits)
            while !over.wait(atMost: LockWatch.interval) {
                do {
                    try watch.lookIfDue()
                } catch {
                    // A look that was cut short because there is nothing left to watch found nothing.
                    guard !over.wait(atMost: .zero) else { return }
                    verdict.withLock { $0 = error }
                    return giveWay.request()
                }
            }
        }
        let outcome = Result(catching: body)
        over.arrive()
        // A look that takes long must not hold up the export.
        while !gone.wait(atMost: .milliseconds(100)) { probe.cancellation.cancel() }
        if let error = verdict.withLock({ $0 }) { throw error }
        return try outcome.get()
    }
}
