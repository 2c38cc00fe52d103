/// How long this machine has been up, the time that it was suspended included: the only clock by which a process can tell
/// that it stood still.
package struct MachineClock: Sendable {
    private let read: @Sendable () -> Duration

    /// A clock that a test moves.
    package init(_ read: @escaping @Sendable () -> Duration) { self.read = read }

    /// `CLOCK_BOOTTIME`, which is what `ContinuousClock` reads on Linux.
    package static let boot: MachineClock = {
        let origin = ContinuousClock.now
        return MachineClock { ContinuousClock.now - origin }
    }()

    var now: Duration { read() }
}
