import Model
import Policy

/// What one outage costs, against the maximum tolerable downtime.
package struct DowntimeFacts: Sendable, Hashable, Encodable {
    /// The maximum tolerable downtime.
    package let targetSeconds: Double?
    package let compliance: Compliance
    /// Decision, recovery and the work after it together; nil when no drill has measured a recovery.
    package let outageSeconds: Double?
    package let decisionAllowanceSeconds: Double?
    package let recoverySeconds: Double?
    package let workRecoverySeconds: Double?

    init(_ input: ReportInput, _ drills: [JudgedDrill]) {
        let objectives = input.objectives
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
    }
}
