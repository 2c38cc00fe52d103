/// How long this machine has been up, the time that it was suspended included: the only clock by which a process can tell
/// that it stood still.
package struct MachineClock: Sendable {
    private let read: @Sendable () -> Duration
    /// How often sessions give a sign of life by themselves, in true time; nil where only the caller does.
    let pulse: Duration?

    /// A clock that a test moves.
    package init(pulse: Duration? = nil, _ read: @escaping @Sendable () -> Duration) {
        self.pulse = pulse
        self.read = read
    }

    /// `CLOCK_BOOTTIME`, which is what `ContinuousClock` reads on Linux.
    package static let boot: MachineClock = {
        let origin = ContinuousClock.now
        return MachineClock(pulse: .seconds(600)) { ContinuousClock.now - origin }
    }()

    var now: Duration { read() }
}
