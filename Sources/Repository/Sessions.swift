import AgeEncryption
import Diagnostics
package import Model
import Streams

extension Repository {
    /// Announces a run, so that nothing it uses is collected; `end()` it whatever happens.
    ///
    /// The order matters: the session is written first, and only then is its base looked for, so that a collection either
    /// sees the session or has already removed the base, which is noticed here.
    package func beginSession(kind: SessionKind, plan: PlanName?, base: PointName?) throws -> Session {
        let session = try writeSession(kind: kind, plan: plan)
        do {
            try requireNoExclusiveLock()
            if let base { try session.use(base: base) }
        } catch {
            try? session.end()
            throw error
        }
        return session
    }

    /// Every session, live or not; one that ends while they are read is left out.
    package func sessions() throws -> [ListedSession] {
        try store.list(Layout.sessions).compactMap { info in
            guard info.key.components.last?.wholeMatch(of: /[0-9a-f]{32}/) != nil else { return nil }
            return try readSession(info)
        }
    }

    func writeSession(kind: SessionKind, plan: PlanName?) throws -> Session {
        let now = Instant.now
        let state = SessionState(
            id: Hex.encode(try randomBytes(16)),
            kind: kind,
            plan: plan,
            base: nil,
            started: now,
            startedByStore: nil,
            heartbeat: now,
            process: .current
        )
        let session = Session(state, in: store)
        try session.begin()
        return session
    }

    /// The exclusive lock as a session, or nil when nobody holds it.
    func exclusiveLock() throws -> ListedSession? {
        guard let info = try store.info(Layout.exclusiveLock) else { return nil }
        return try readSession(info)
    }

    private func requireNoExclusiveLock() throws {
        guard let lock = try exclusiveLock(), lock.isLive(now: try storeClock()) else { return }
        throw Diagnostic(
            .busy,
            "a collection without waiting is running in \(displayName)",
            cause: "started \(lock.state.started) by process \(lock.state.process.id) on \(lock.state.process.host)",
            hint: "Try again when it has ended.",
            retry: .later
        )
    }

    private func readSession(_ info: ObjectInfo) throws -> ListedSession? {
        let text = "session '\(info.key)'"
        do {
            let bytes = try store.get(info.key, limit: 1 << 16)
            try FormatProbe.check(bytes, supported: SessionState.currentFormat, object: text)
            return ListedSession(
                state: try CanonicalJSON.decode(SessionState.self, from: bytes, object: text),
                lastSeen: info.modified
            )
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
}
