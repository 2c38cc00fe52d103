package import Model
import Policy

/// When and how long one drill ran, and of which point.
package struct DrillTiming: Sendable, Hashable, Encodable {
    package let point: String
    /// How much text the point stands for, where that is known.
    package internal(set) var pointTextBytes: Int64?
    /// How many newer good points existed when the drill was declared, where that is known.
    package internal(set) var newerPoints: Int?
    /// Why the drill says nothing of a recovery of now; nil when it counts.
    package internal(set) var notCounted: String?
    /// Who ran it, where that is known.
    package internal(set) var host: String?
    package internal(set) var tool: String?
    package let target: DrillRun.TargetClass
    package let declared: Instant
    package let verdict: DrillRun.Verdict
    /// From declared to validated; nil when validation was never reached.
    package let recoverySeconds: Double?
    package let phases: [PhaseFacts]

    /// Creates the timing of one drill.
    package init(_ run: DrillRun, declared: Instant) {
        point = run.point.description
        target = run.target
        self.declared = declared
        verdict = run.verdict
        recoverySeconds = run.recoverySeconds
        phases = run.phases.sorted { $0.started < $1.started }
            .map { PhaseFacts($0, declared: declared, recoverySeconds: run.recoverySeconds) }
    }

    var policyDrill: RecoveryTime.Drill {
        RecoveryTime.Drill(
            declaredAt: declared,
            verdict: verdict,
            duration: recoverySeconds.map { .seconds($0) },
            target: target
        )
    }

    /// These drills in the order in which they began.
    static func all(_ drills: [JudgedDrill]) -> [DrillTiming] {
        drills.map(\.timing).sorted { $0.declared < $1.declared }
    }

    /// Those that count and measured a recovery on this class of target.
    static func measured(_ drills: [JudgedDrill], on target: DrillRun.TargetClass) -> [DrillTiming] {
        all(drills).filter { timing in
            timing.target == target && timing.verdict == .proven && timing.recoverySeconds != nil
                && timing.notCounted == nil
        }
    }

    /// Judges all drills so far on the judged class of target by the latest one that counts.
    ///
    /// What it met it met then: where it lies before the period, and longer ago than the promised rhythm allows, that is
    /// not known any more.
    static func judge(
        _ drills: [JudgedDrill],
        _ input: ReportInput,
        _ verdict: (RecoveryTime, Objectives) -> ObjectiveVerdict?
    ) -> ObjectiveVerdict? {
        let all = all(drills).filter { $0.target == input.recoveryTarget }
        let counted = all.filter { $0.notCounted == nil }.map(\.policyDrill)
        let start = counted.map(\.declaredAt).min() ?? input.from
        let measured = RecoveryTime.measure(counted, from: start, to: input.end)
        let judged = verdict(measured, input.objectives)
        if let latest = measured.latestDrill {
            let oldest = min(input.from, input.objectives.drillEvery.map { input.end - $0 } ?? input.from)
            guard judged == .met, latest.declaredAt < oldest else { return judged }
            return .unknown("the latest drill, of \(latest.declaredAt), lies before the period")
        }
        guard judged != nil else { return nil }
        if let last = all.last, let objection = last.notCounted {
            return .unknown("no drill of a recent point has run yet; \(last.point) was drilled last: \(objection)")
        }
        if drills.isEmpty { return .unknown("no drill has measured a recovery yet") }
        return .unknown("no drill has run on this class of target yet (\(input.recoveryTarget.rawValue))")
    }
}
