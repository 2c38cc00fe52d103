import AgeEncryption
import Diagnostics
package import Model
import Streams
import Synchronization

/// What a session does while it lives.
package enum SessionKind: String, Sendable, Codable {
    case backup
    case restore
    case verify
    case prune
    case hold
    /// Puts what is damaged back from another repository.
    case repair

    /// Whether a session of this kind may not begin beside a live one of `other`.
    ///
    /// Two prunes would condemn and delete beside each other. A prune has decided what is held before it removes
    /// anything, so a hold that is placed meanwhile would come too late. A repair takes a point away for a moment, in which
    /// its archives would look useless, and two repairs could each take away what the other has just put back.
    func isExcluded(by other: SessionKind) -> Bool {
        switch (self, other) {
        case (.prune, .prune), (.prune, .hold), (.hold, .prune): true
        case (.repair, .repair), (.repair, .prune), (.prune, .repair): true
        default: false
        }
    }

    /// Whether such a run creates what others create too.
    var writes: Bool { self != .restore && self != .verify }
}

/// A live run as others see it: `sessions/<id>`, overwritten only by its owner.
package struct SessionState: Sendable, Hashable, Codable {
    package static let currentFormat = 1
    /// Without a sign of life for this long, a session no longer counts.
    package static let lifetime = Duration.seconds(24 * 3600)

    package var format = SessionState.currentFormat
    package var id: String
    package var kind: SessionKind
    package var plan: PlanName?
    /// The point it builds on or reads; collection keeps everything that it refers to.
    package var base: PointName?
    package var started: Instant
    /// When it began by the store's clock; nil for the moment before that is known, when it protects everything.
    package var startedByStore: Instant?
    /// One more than every ticket that the run saw when it came; nil until it has looked, see `SessionTurn.swift`.
    package var ticket: Int?
    /// False for what only looks like a backup to others: a sync, a check.
    ///
    /// Nil is true.
    package var takesPoint: Bool?
    /// Whether nobody else may begin while it lives: a collection that does not wait.
    package var isExclusive: Bool
    package var heartbeat: Instant
    package var process: ProcessToken
    /// True when the run is over and the store did not let it remove its session.
    package var hasEnded: Bool?
}

/// A session with the store's own view of its last sign of life.
package struct ListedSession: Sendable, Hashable {
    package var state: SessionState
    /// When it was last written, by the store's clock.
    package var lastSeen: Instant

    /// Whether it still protects what it uses; `now` is the store's clock.
    ///
    /// A process that is known to be dead no longer counts, whatever its age: a killed backup must not keep a disk full.
    package func isLive(now: Instant) -> Bool {
        now - lastSeen < SessionState.lifetime && state.hasEnded != true && !state.process.isKnownDead
    }
}

/// One's own session: keeps what the run uses from being collected until `end()`.
///
/// It gives a sign of life every ten minutes by itself: a restore of many hours, or one archive that takes a day to copy,
/// must not lose what it reads. `heartbeat()` gives one at once; both are safe from any thread.
package final class Session: Sendable {
    /// Silence for longer than this may be death to others: far less than their limit, because clocks differ.
    static let longestSilence = SessionState.lifetime / 4

    private let store: any ObjectStore
    private let machine: MachineClock
    private let state: Mutex<SessionState>
    /// By the machine's clock: the last sign of life, and the longest time between two.
    private let silence: Mutex<(last: Duration, longest: Duration)>
    /// Held while the session is written, so that none of two writers undoes the other, and nobody brings back what ended.
    private let isOver = Mutex(false)
    /// Opened when no further sign of life is wanted.
    private let rest = Latch(count: 1)

    /// What the machine's clock said before the session was written.
    let begun: Duration
    /// The name of the session in the repository.
    package let id: String

    init(_ state: SessionState, in store: any ObjectStore, on machine: MachineClock) {
        self.store = store
        self.machine = machine
        begun = machine.now
        silence = Mutex((begun, .zero))
        self.state = Mutex(state)
        id = state.id
    }

    deinit { rest.arrive() }

    /// The store's clock when the session was last written.
    func lastSeen() throws -> Instant {
        guard let info = try store.info(Layout.session(id)) else {
            throw Diagnostic(
                .busy,
                "session '\(id)' is gone from \(store.displayName)",
                hint: "Start the run again.",
                retry: .later
            )
        }
        return info.modified
    }

    /// Says that the run is still alive.
    package func heartbeat(now: Instant = .now) throws {
        try write { $0.heartbeat = now }
    }

    /// Names the point that the run builds on, once it is known.
    package func use(base: PointName) throws {
        try write { $0.base = base }
        guard try store.info(Layout.point(base)) != nil else {
            throw Diagnostic(
                .objectMissing,
                "point '\(base)' was removed while this run began",
                hint: "Start the run again.",
                retry: .later
            )
        }
    }

    /// Ends the session; a second call does nothing.
    ///
    /// Where nothing may be deleted, the session stays and says that it has ended.
    package func end() throws {
        try isOver.withLock { isOver in
            guard !isOver else { return }
            isOver = true
            rest.arrive()
            do {
                try store.remove(Layout.session(id))
            } catch let error as Diagnostic where error.code == .deleteDenied {
                try replace { $0.hasEnded = true }
            }
        }
    }

    /// Writes the session, learns when that was by the store's clock and which ticket it has, and writes it again so.
    func begin(drawing ticket: () throws -> Int) throws {
        try write { _ in }
        let started = try lastSeen()
        let ticket = try ticket()
        try write { state in
            state.startedByStore = started
            state.ticket = ticket
        }
        if let pulse = machine.pulse { beat(every: pulse) }
    }

    /// On a thread of its own, for a store may take its time.
    ///
    /// A beat that fails is tried again with the next: others wait for a day before they take a session for dead.
    private func beat(every pulse: Duration) {
        startDedicatedThread { [weak self, rest] in
            while !rest.wait(atMost: pulse) {
                guard let self else { return }
                try? self.heartbeat()
            }
        }
    }

    private func write(_ change: (inout SessionState) -> Void) throws {
        try isOver.withLock { isOver in
            if !isOver { try replace(change) }
        }
    }

    private func replace(_ change: (inout SessionState) -> Void) throws {
        let bytes = try state.withLock { state in
            change(&state)
            return try CanonicalJSON.encode(state)
        }
        let now = machine.now
        try store.replace(Layout.session(id), with: bytes)
        silence.withLock { $0 = (now, max($0.longest, now - $0.last)) }
    }

    /// What others can read of it.
    var current: SessionState { state.withLock { $0 } }

    /// Throws `busy` where others may at some time have taken this run for dead.
    func requireUnlapsed() throws {
        guard mayHaveLapsed else { return }
        throw Diagnostic(
            .busy,
            "this process stood still for so long that others may have taken it for dead",
            hint: "Start the run again.",
            retry: .later
        )
    }

    /// Whether others may at some time have taken this run for dead, so that what it uses may be gone.
    var mayHaveLapsed: Bool {
        let now = machine.now
        return silence.withLock { max($0.longest, now - $0.last) >= Self.longestSilence }
    }
}
