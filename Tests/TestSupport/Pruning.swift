package import Model
package import Repository

extension Repository {
    /// Does what `plan` says in a session of its own.
    package func prune(_ plan: PrunePlan, tool: String, now: Instant) throws -> PruneRun {
        try pruning(plan.options) { try prune(plan, tool: tool, now: now, in: $0) }
    }
}
