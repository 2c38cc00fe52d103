package import Diagnostics
import Streams

/// Who goes first of runs that exclude each other and begin at the same moment: Lamport's bakery.
///
/// Each run writes its session, looks at all others, draws a ticket above every one that it sees, writes that, and looks
/// again. Of two that see each other the lower ticket goes on, and the lower id where both drew the same; the other gives
/// way. Of two that do not see each other in their second look, none has passed it: a run is seen from its first write on.
/// So at most one goes on, whatever any clock of the store says, and when several come at once, one does. Who slept so long in
/// between that others may have taken it for dead gives way by its machine's own clock.
extension Repository {
    private static let looks = 30
    private static let highestTicket = 1 << 40
    private static let pause = Duration.milliseconds(100)

    func nextTicket(besides session: Session) throws -> Int {
        let others = try sessions().filter { $0.state.id != session.id }.compactMap(\.state.ticket)
        // Sessions are not signed: a number that no run would draw must not end this one.
        return (others.filter { $0 < Self.highestTicket }.max() ?? 0) + 1
    }

    /// Throws `busy` where another run goes first of those that `excludes` names; waits three seconds at most for one that
    /// has not said its ticket yet.
    func requireTurn(of session: Session, _ excludes: (SessionState) -> Bool) throws {
        for look in 1... {
            let now = try storeClock()
            let rivals = try sessions().filter { other in
                other.state.id != session.id && other.isLive(now: now) && excludes(other.state)
            }
            let own = session.current
            if let first = rivals.first(where: { $0.state.goesBefore(own) == true }) { throw busy(with: first.state) }
            guard let undecided = rivals.first(where: { $0.state.goesBefore(own) == nil }) else {
                return try session.requireUnlapsed()
            }
            guard look < Self.looks else { throw busy(with: undecided.state) }
            machine.pause(Self.pause)
        }
    }

    private func busy(with other: SessionState) -> Diagnostic {
        let plan = other.plan.map { " of '\($0)'" } ?? ""
        return Diagnostic(
            .busy,
            "a \(other.kind.rawValue)\(plan) is running in \(displayName)",
            cause: redacted("started \(other.started) by process \(other.process.id) on \(other.process.host)"),
            hint: "Try again when it has ended.",
            retry: .later
        )
    }
}

extension SessionState {
    /// Whether this run goes first of the two; nil while it has not said its ticket.
    fileprivate func goesBefore(_ own: SessionState) -> Bool? {
        guard let ticket else { return nil }
        guard let ownTicket = own.ticket else { return true }
        return (ticket, id) < (ownTicket, own.id)
    }
}

/// How long a run waits for others that exclude it.
package struct TurnPatience: Sendable {
    /// The longest wait in all.
    private let limit: Duration
    /// Waits; returns false when the run is to end instead.
    private let pause: @Sendable (Duration) -> Bool
    /// Told about each run that is waited for, once.
    private let tell: @Sendable (Diagnostic) -> Void

    private static let pauses = 2.0...5.0

    /// Gives way at once.
    package static let none = TurnPatience(atMost: .zero, pause: { _ in false }, tell: { _ in })

    /// Creates patience; waiting is an argument so that a test needs no time.
    package init(
        atMost limit: Duration,
        pause: @escaping @Sendable (Duration) -> Bool,
        tell: @escaping @Sendable (Diagnostic) -> Void
    ) {
        self.limit = limit
        self.pause = pause
        self.tell = tell
    }

    /// What `body` returns, as soon as it does not throw `busy`; throws that when the patience ends.
    func wait<Value>(_ body: () throws -> Value) throws -> Value {
        var waited = Duration.zero
        var told: Diagnostic?
        while true {
            do { return try body() } catch let error as Diagnostic where error.code == .busy {
                let left = limit - waited
                guard left > .zero else { throw error }
                if told != error { tell(error) }
                told = error
                // By chance, so that several who wait do not come back at the same moment.
                let length = min(left, .seconds(Double.random(in: Self.pauses)))
                guard pause(length) else { throw Stopped() }
                waited += length
            }
        }
    }
}
