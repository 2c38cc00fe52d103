import Diagnostics
import Model

/// What no prune may remove, whatever it was told.
struct PruneGuardian {
    private let newestComplete: Set<PointName>
    private let newestProven: Set<PointName>
    private let holds: [PointName: String]
    private let users: [PointName: SessionKind]

    init(_ facts: PruneFacts) {
        let stock = ArchiveStock(
            sizes: Dictionary(facts.archives.map { ($0.id, $0.bytes) }) { first, _ in first },
            condemned: Set(facts.condemnedLists.flatMap(\.archives))
        )
        let sound = facts.points.compactMap { facts.known[$0.name] }.filter {
            facts.evidence.problem(of: $0.name, needing: $0.uses.map(\.archive)) == nil
        }
        let complete = sound.filter {
            stock.holdsAll(of: $0, isConfirmed: facts.evidence.committed.contains($0.name))
        }
        newestComplete = Self.newestOfEachPlan(complete, facts.now)
        newestProven = Self.newestOfEachPlan(sound.filter { facts.evidence.proven[$0.name] != nil }, facts.now)
        holds = facts.evidence.holds
        let bases = facts.sessions.filter { $0.isLive(now: facts.now) }.compactMap { session in
            session.state.base.map { ($0, session.state.kind) }
        }
        users = Dictionary(bases) { first, _ in first }
    }

    func liveUser(of point: PointName) -> SessionKind? { users[point] }

    func requireRemovable(_ point: PointName) throws {
        if let reason = holds[point] { throw refusal(point, "it is held: \(reason)", "Lift the hold first.") }
        let advice = "Take and prove a newer point first."
        if newestComplete.contains(point) {
            throw refusal(point, "it is the newest complete point of its plan", advice)
        }
        if newestProven.contains(point) { throw refusal(point, "it is the newest proven point of its plan", advice) }
    }

    private func refusal(_ point: PointName, _ cause: String, _ hint: String) -> Diagnostic {
        Diagnostic(.pointHeld, "refusing to remove point '\(point)'", cause: redacted(cause), hint: hint)
    }

    /// A point that is dated in the future stands in for the newest only where there is no other: it may be forged.
    private static func newestOfEachPlan(_ points: [KnownPoint], _ now: Instant) -> Set<PointName> {
        let newest = Dictionary(grouping: points, by: \.name.plan).values.compactMap { points in
            points.filter { $0.isWellDated(now: now) }.max(by: KnownPoint.isOlder) ?? points.max(by: KnownPoint.isOlder)
        }
        return Set(newest.map(\.name))
    }
}
