import Model
import Policy

/// What one outage costs, against the maximum tolerable downtime and the budget that the availability leaves.
package struct DowntimeFacts: Sendable, Hashable, Encodable {
    /// The maximum tolerable downtime.
    package let targetSeconds: Double?
    package let compliance: Compliance
    /// Decision, recovery and the work after it together; nil when no drill has measured a recovery.
    package let outageSeconds: Double?
    package let decisionAllowanceSeconds: Double?
    package let recoverySeconds: Double?
    package let workRecoverySeconds: Double?
    package let availabilityPercent: Double
    package let budgetDays: Int
    package let budgetSeconds: Double
    /// The share of the budget that one outage uses up.
    package let budgetShare: Double?

    /// What is assumed when the plan states no availability.
    private static let usualAvailability = 99.5

    init(_ input: ReportInput, _ drills: [JudgedDrill]) {
        let objectives = input.objectives
        let days = 30
        let budget = DowntimeBudget(
            availability: objectives.availability ?? Self.usualAvailability,
            period: .seconds(days * 86_400)
        )
        let recovery = DrillTiming.measured(drills, on: input.recoveryTarget).last?.recoverySeconds
        let outage = recovery.map { recovery in
            .seconds(recovery) + (objectives.decisionAllowance ?? .zero) + (objectives.workRecovery ?? .zero)
        }
        targetSeconds = objectives.mtd?.inSeconds
        compliance = Compliance(DrillTiming.judge(drills, input) { $0.judgeMTD($1) })
        outageSeconds = outage?.inSeconds
        decisionAllowanceSeconds = objectives.decisionAllowance?.inSeconds
        recoverySeconds = recovery
        workRecoverySeconds = objectives.workRecovery?.inSeconds
        availabilityPercent = budget.availability
        budgetDays = days
        budgetSeconds = budget.allowed.inSeconds
        budgetShare = outage.flatMap { budget.share(of: $0) }
    }
}
