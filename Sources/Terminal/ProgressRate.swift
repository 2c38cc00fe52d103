/// Rate and time left, smoothed so that one slow second does not frighten anybody.
///
/// Pure: the time of each sample is an argument.
package struct ProgressRate: Sendable {
    /// Bytes per second; nil before the second sample.
    package private(set) var bytesPerSecond: Double?
    private var phase = ""
    private var started: (seconds: Double, share: Double)?
    private var last: (seconds: Double, bytes: Int64)?

    /// Creates a rate that knows nothing.
    package init() {}

    /// Takes the next sample.
    package mutating func add(_ sample: ProgressSample, atSeconds now: Double) {
        if sample.phase != phase {
            self = ProgressRate()
            phase = sample.phase
        }
        if started == nil { started = (now, sample.share ?? 0) }
        guard let before = last else {
            last = (now, sample.doneBytes)
            return
        }
        let span = now - before.seconds
        guard span > 0 else { return }
        let current = max(0, Double(sample.doneBytes - before.bytes) / span)
        // A window of about eight seconds, whatever the distance between samples.
        let weight = min(1, span / 8)
        bytesPerSecond = bytesPerSecond.map { $0 + (current - $0) * weight } ?? current
        last = (now, sample.doneBytes)
    }

    /// The seconds left at the present pace; nil while there is nothing to judge by.
    package func secondsLeft(_ sample: ProgressSample, atSeconds now: Double) -> Double? {
        guard let share = sample.share, let started, sample.phase == phase else { return nil }
        if share >= 1 { return 0 }
        if sample.totalBytes > 0, let rate = bytesPerSecond, rate > 0 {
            return Double(sample.totalBytes - sample.doneBytes) / rate
        }
        let gained = share - started.share
        guard gained > 0, now > started.seconds else { return nil }
        return (1 - share) * (now - started.seconds) / gained
    }
}
