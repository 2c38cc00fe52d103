import AgeEncryption
import Diagnostics
package import Model
import Streams

extension Repository {
    /// Announces a run, so that nothing it uses is collected; `end()` it whatever happens.
    ///
    /// The order matters twice. The session is written before its base is looked for, so that a collection either sees
    /// the session or has already removed the base, which is noticed here. And it is written before the other sessions
    /// are read, so that of two runs that exclude each other at least one sees the other and gives way; `turn` says how
    /// long it tries again. In a store that does not create exclusively, all runs that write exclude each other: two of
    /// them could overwrite each other's points, records and condemned lists, and nobody would know.
    package func beginSession(
        kind: SessionKind,
        plan: PlanName?,
        base: PointName?,
        takesPoint: Bool = true,
        turn: TurnPatience = .none
    ) throws -> Session {
        try turn.wait {
            try begin(kind: kind, plan: plan, base: base, takesPoint: takesPoint) { other in
                other.isExclusive || kind.isExcluded(by: other.kind)
                    || (!descriptor.capabilities.createsExclusively && kind.writes && other.kind.writes)
            }
        }
    }

    /// A session beside which no other may live.
    func beginExclusiveSession(kind: SessionKind) throws -> Session {
        try begin(kind: kind, plan: nil, base: nil, isExclusive: true) { _ in true }
    }

    /// Every session, live or not; one that ends while they are read is left out.
    ///
    /// A session object that cannot be read is an error while it is young, and nothing at all when it is so old that it
    /// could not be live.
    package func sessions() throws -> [ListedSession] { try sessions(now: try storeClock()) }

    /// The same, where the store's clock is known.
    func sessions(now: Instant) throws -> [ListedSession] {
        try store.list(Layout.sessions).compactMap { info in
            guard info.key.components.last.flatMap({ Hex.decode($0) })?.count == 16 else { return nil }
            do {
                return try readSession(info)
            } catch let error as Diagnostic where error.code == .objectCorrupt {
                guard now - info.modified < SessionState.lifetime else { return nil }
                throw error
            }
        }
    }

    private func begin(
        kind: SessionKind,
        plan: PlanName?,
        base: PointName?,
        takesPoint: Bool = true,
        isExclusive: Bool = false,
        excludes: (SessionState) -> Bool
    ) throws -> Session {
        var state = try newState(kind: kind, plan: plan, isExclusive: isExclusive)
        if !takesPoint { state.takesPoint = false }
        let session = Session(state, in: store, on: machine)
        do {
            try session.begin { try nextTicket(besides: session) }
            try requireTurn(of: session, excludes)
            if let base { try session.use(base: base) }
        } catch {
            try? session.end()
            throw error
        }
        return session
    }

    private func newState(kind: SessionKind, plan: PlanName?, isExclusive: Bool) throws -> SessionState {
        let now = Instant.now
        return SessionState(
            id: Hex.encode(try randomBytes(16)),
            kind: kind,
            plan: plan,
            base: nil,
            started: now,
            startedByStore: nil,
            isExclusive: isExclusive,
            heartbeat: now,
            process: .current
        )
    }

    private func readSession(_ info: ObjectInfo) throws -> ListedSession? {
        let text = "'\(info.key)'"
        do {
            let bytes = try store.get(info.key, limit: 1 << 16)
            try FormatProbe.check(bytes, supported: SessionState.currentFormat, object: text)
            let state = try CanonicalJSON.decode(SessionState.self, from: bytes, object: text)
            // Sessions are not signed: what is removed by the name inside would be whatever somebody wrote there.
            guard info.key.components.last.map(String.init) == state.id else {
                throw Diagnostic(.objectCorrupt, "\(text) is damaged", cause: "it names another session inside")
            }
            return ListedSession(state: state, lastSeen: info.modified)
        } catch let error as Diagnostic where error.code == .objectMissing {
            return nil
        } catch is SourceTooLarge {
            throw Diagnostic(.objectCorrupt, "\(text) is damaged", cause: "it is larger than any valid one")
        }
    }

    /// What time it is by the store's clock: ages of objects are never judged by this machine's.
    func storeClock() throws -> Instant {
        try store.replace(Layout.clock, with: [])
        guard let info = try store.info(Layout.clock) else {
            throw Diagnostic(.repositoryStorage, "cannot learn the time from \(displayName)")
        }
        return info.modified
    }

    /// The store's clock, or this machine's where the store cannot be written: nothing may be removed by it.
    func clockForLooking() throws -> Instant {
        do {
            return try storeClock()
        } catch let error as Diagnostic where error.code == .repositoryStorage {
            return .now
        }
    }
}
