import Streams

/// How long this machine has been up, the time that it was suspended included: the only clock by which a process can tell
/// that it stood still.
package struct MachineClock: Sendable {
    private let read: @Sendable () -> Duration
    /// How often sessions give a sign of life by themselves, in true time; nil where only the caller does.
    let pulse: Duration?
    /// Waits a moment for another machine.
    let pause: @Sendable (Duration) -> Void

    /// A clock that a test moves; by it, nobody waits.
    package init(
        pulse: Duration? = nil,
        pause: @escaping @Sendable (Duration) -> Void = { _ in },
        _ read: @escaping @Sendable () -> Duration
    ) {
        self.pulse = pulse
        self.pause = pause
        self.read = read
    }

    /// `CLOCK_BOOTTIME`, which is what `ContinuousClock` reads on Linux.
    package static let boot: MachineClock = {
        let origin = ContinuousClock.now
        return MachineClock(pulse: .seconds(600), pause: { _ = Stop().sleep(atMost: $0) }) {
            ContinuousClock.now - origin
        }
    }()

    var now: Duration { read() }
}
