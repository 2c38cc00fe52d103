import Diagnostics
import Model
import Repository

/// Points that are held, or are the newest proven ones, in other repositories of a plan.
///
/// A hold that reached only some of them, because one was out of reach, is meant for all.
struct KeptElsewhere: Sendable {
    private var reasons: [PointName: String] = [:]
    /// Repositories whose records could not be read: one that is out of reach keeps no other from being pruned.
    private(set) var remarks: [Diagnostic] = []

    init(of plans: [PlanName], in others: [PlanRepositories.Opened]) {
        for plan in plans {
            for other in others {
                let evidence: Evidence
                do {
                    evidence = try other.repository.evidence(plan: plan)
                } catch {
                    let reason = diagnostic(for: error).summary
                    remarks.append(.passedOver("what repository '\(other.name)' holds is not known: \(reason)"))
                    continue
                }
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
            // Bytes that are not what was written are of no use here, whatever another copy is worth.
            guard !decision.isKept, !decision.isForDamage, let reason = reasons[decision.point] else { return decision }
            return PruneDecision(point: decision.point, isKept: true, reasons: [reason])
        }
    }
}
