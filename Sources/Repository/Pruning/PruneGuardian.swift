import Diagnostics
import Model

/// What no prune may remove, whatever it was told.
struct PruneGuardian {
    private let newestComplete: Set<PointName>
    private let newestProven: Set<PointName>
    private let holds: [PointName: String]
    private let users: [PointName: SessionKind]

    init(_ facts: PruneFacts) {
        let listed = facts.points.map(\.name)
        let stored = Set(facts.archives.map(\.id))
        newestComplete = Self.newestOfEachPlan(
            listed.filter { facts.references[$0]?.isSubset(of: stored) == true && facts.evidence.bad[$0] == nil }
        )
        newestProven = Self.newestOfEachPlan(listed.filter { facts.evidence.proven[$0] != nil })
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

    private static func newestOfEachPlan(_ points: [PointName]) -> Set<PointName> {
        Set(Dictionary(grouping: points, by: \.plan).values.compactMap { $0.max() })
    }
}
