package import Model
import Diagnostics

extension Repository {
    /// Removes what is left of runs that wrote points of `plan` and ended without a word, and says what they were.
    ///
    /// A process that was killed, or whose machine stopped, records nothing: whoever comes next does it for them. One of
    /// another boot is taken for dead when others take it so, after a day.
    package func buryDeadRuns(of plan: PlanName) throws -> [ListedSession] {
        let now = try storeClock()
        return try sessions(now: now).filter { session in
            let state = session.state
            guard state.kind == .backup, state.plan == plan, state.hasEnded != true, !session.isLive(now: now) else {
                return false
            }
            do {
                try store.remove(Layout.session(state.id))
            } catch let error as Diagnostic where error.code == .deleteDenied {
                var ended = state
                ended.hasEnded = true
                try store.replace(Layout.session(state.id), with: CanonicalJSON.encode(ended))
            }
            return true
        }
    }
}
