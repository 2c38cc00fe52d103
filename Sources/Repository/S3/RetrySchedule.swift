import AgeEncryption
import Glibc
import Streams

/// When a request that failed is made again.
///
/// The waits double, and each is drawn at random from its upper half, so that many clients which a server turned away
/// together do not come back together, and a server has half a minute to start again.
package struct RetrySchedule: Sendable {
    package var attempts = 8
    package var first = Duration.milliseconds(500)
    package var longest = Duration.seconds(15)
    /// How long a store may ask us to stay away (`Retry-After`).
    package var longestAsked = Duration.seconds(60)

    /// Creates the usual schedule: 23 to 46 seconds of waiting in all.
    package init() {}

    /// How long to wait after the attempt with this number, from 1; nil when there is to be no other.
    func wait(after attempt: Int, random: Double) -> Duration? {
        guard attempt < attempts else { return nil }
        let doubled = first * (1 << min(attempt - 1, 20))
        return min(doubled, longest) * (0.5 + random / 2)
    }

    /// Waits; throws `Stopped` as soon as the run is to end.
    func pause(_ wait: Duration, stop: Stop?) throws {
        let end = ContinuousClock.now + wait
        while .now < end {
            if stop?.isRequested == true { throw Stopped() }
            usleep(20_000)
        }
    }
}
