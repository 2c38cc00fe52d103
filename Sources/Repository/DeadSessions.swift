import Diagnostics
package import Model

extension Repository {
    /// Removes what is left of backups of `plan` that ended without a word, and says what they were.
    ///
    /// A process that was killed, or whose machine stopped, records nothing: the next backup does it for them. One of
    /// another boot is taken for dead when others take it so, after a day.
    package func buryDeadRuns(of plan: PlanName) throws -> [ListedSession] {
        let now = try storeClock()
        return try sessions(now: now).filter { session in
            guard session.state.plan == plan, !session.isLive(now: now), session.isToBeTold(now: now) else {
                return false
            }
            let key = Layout.session(session.state.id)
            do {
                try store.remove(key)
            } catch let error as Diagnostic where error.code == .deleteDenied {
                var ended = session.state
                ended.hasEnded = true
                try store.replace(key, with: CanonicalJSON.encode(ended))
            }
            return true
        }
    }
}

extension ListedSession {
    /// A plan that never runs again must not keep what its last run left for ever.
    private static let memory = Duration.seconds(30 * 86_400)

    /// Whether, once it is dead, somebody has yet to record that: it is that of a backup, which no prune may sweep away before.
    func isToBeTold(now: Instant) -> Bool {
        state.kind == .backup && state.plan != nil && state.takesPoint != false && state.hasEnded != true
            && now - lastSeen < Self.memory
    }
}
