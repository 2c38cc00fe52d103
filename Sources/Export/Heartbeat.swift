import Repository
import Streams
import Synchronization

/// Keeps the run's session alive while it works; any thread.
final class Heartbeat: Sendable {
    private static let interval = Duration.seconds(600)

    private let session: Session
    private let last = Mutex(ContinuousClock.now)

    init(_ session: Session) { self.session = session }

    /// Writes a sign of life when the last is ten minutes old.
    func beatIfDue() throws {
        let isDue = last.withLock { last in
            guard .now - last >= Self.interval else { return false }
            last = .now
            return true
        }
        if isDue { try session.heartbeat() }
    }
}
