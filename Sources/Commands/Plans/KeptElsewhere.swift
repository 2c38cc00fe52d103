import Model
import Repository

/// Points that are held, or are the newest proven ones, in other repositories of a plan.
///
/// A hold that reached only some of them, because one was out of reach, is meant for all.
struct KeptElsewhere: Sendable {
    private var reasons: [PointName: String] = [:]

    init(of plans: [PlanName], in others: [PlanRepositories.Opened]) throws {
        for plan in plans {
            for other in others {
                let evidence = try other.repository.evidence(plan: plan, remembering: true)
                for (point, reason) in evidence.holds where reasons[point] == nil {
                    reasons[point] = "held in \(other.name): \(reason)"
                }
                let proven = evidence.proven.keys.filter { evidence.problem(of: $0, needing: []) == nil }
                guard let newest = proven.max(), reasons[newest] == nil else { continue }
                reasons[newest] = "newest proven point in \(other.name)"
            }
        }
    }

    /// The decisions, with these points kept.
    func kept(_ decisions: [PruneDecision]) -> [PruneDecision] {
        decisions.map { decision in
            guard !decision.isKept, let reason = reasons[decision.point] else { return decision }
            return PruneDecision(point: decision.point, isKept: true, reasons: [reason])
        }
    }
}
