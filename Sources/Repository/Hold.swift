import Diagnostics
package import Model

extension Repository {
    /// Places a hold on a point, or lifts it with no `reason`, and says what held it before.
    ///
    /// A prune decides what is held before it removes anything, so of a hold and a prune that run at once at least one sees
    /// the other's session and gives way (`busy`). When this returns, every later prune sees the hold; beside a release that
    /// runs at the same time either may be the one that stays, and what is said to be held already may just be let go.
    package func hold(_ point: PointName, reason: String?, tool: String, now: Instant, turn: TurnPatience = .none)
        throws -> String?
    {
        let session = try beginSession(kind: .hold, plan: point.plan, base: point, turn: turn)
        defer { try? session.end() }
        let before = try evidence(plan: point.plan).holds[point]
        guard before != reason else {
            try requireStillThere(point)
            return before
        }
        let author = RecordAuthor(tool: tool, host: ProcessToken.current.host, started: now)
        try append(author.record(.hold(HoldChange(point: point, reason: reason)), plan: point.plan))
        // A prune that began meanwhile may not have seen it.
        try session.requireUnlapsed()
        try requireStillThere(point)
        return before
    }

    /// Asked last: a hold that slept for days may have been overtaken by a release and a prune.
    private func requireStillThere(_ point: PointName) throws {
        guard try store.info(Layout.point(point)) == nil else { return }
        throw Diagnostic(
            .objectMissing,
            "point '\(point)' was removed while it was being held",
            hint: "List what is left with 'lifeboat points'."
        )
    }
}
