import Glibc
package import Model

extension Instant {
    /// The wall clock.
    ///
    /// Decisions never read it: they take `now` as an argument.
    package static var now: Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(microsecondsSinceEpoch: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}
