import Diagnostics
import Streams

/// The right to go on destroying what was found useless: it lapses when the process stood still.
///
/// Whoever destroys asks before every step. The right lasts for a quarter of the time for which others take the session
/// for live, from its last sign of life by the machine's own clock, which counts suspensions: so nobody can have begun
/// anything in the belief that this process is gone. While the process runs it renews itself, so that a collection may
/// take as long as it needs. One thread.
final class DestructionPermit {
    static let length = Session.longestSilence
    private static let renewal = Duration.seconds(600)

    private let session: Session
    private let clock: MachineClock
    private var lastBeat: Duration

    init(_ session: Session, _ clock: MachineClock) {
        self.session = session
        self.clock = clock
        lastBeat = session.begun
    }

    /// Throws `busy` when the permit has lapsed; writes a sign of life when the last is ten minutes old.
    func requireValid() throws {
        try requireUnlapsed()
        guard clock.now - lastBeat >= Self.renewal else { return }
        try renew()
        try requireUnlapsed()
    }

    /// Writes a sign of life; a lapsed permit cannot be renewed.
    func renew() throws {
        try requireUnlapsed()
        let now = clock.now
        try session.heartbeat(now: .now)
        lastBeat = now
    }

    private func requireUnlapsed() throws {
        guard clock.now - lastBeat < Self.length else {
            throw Diagnostic(
                .busy,
                "refusing to go on removing: this process stood still for more than six hours",
                cause: "what it knows of the repository may not be true any more",
                hint: "Run 'lifeboat prune' again.",
                retry: .later
            )
        }
    }
}
