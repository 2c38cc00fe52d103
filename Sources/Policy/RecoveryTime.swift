package import Model

/// What drills say about the time a recovery takes (RTA).
package struct RecoveryTime: Sendable, Hashable {
    /// One drill.
    package struct Drill: Sendable, Hashable {
        package var declaredAt: Instant
        package var verdict: DrillRun.Verdict
        /// From declared to validated; nil when validation was never reached.
        package var duration: Duration?
        package var target: DrillRun.TargetClass

        /// Creates a drill.
        package init(
            declaredAt: Instant,
            verdict: DrillRun.Verdict,
            duration: Duration?,
            target: DrillRun.TargetClass = .ephemeral
        ) {
            self.declaredAt = declaredAt
            self.verdict = verdict
            self.duration = duration
            self.target = target
        }
    }

    /// The last drill of the period, whatever its verdict.
    package var latestDrill: Drill?
    /// How many drills of the period proved a point.
    package var proven: Int
    /// How many ran in the period.
    package var drills: Int
    /// The time of the newest proven drill.
    package var latest: Duration?
    package var worst: Duration?
    /// The mean of the middle two when their number is even.
    package var median: Duration?

    /// Sums up the drills that were declared from `from` to `to`; only proven ones tell a time.
    ///
    /// With `target`, only drills on that class of target are looked at: a plan judges its RTO by one class.
    package static func measure(
        _ drills: [Drill],
        from: Instant,
        to: Instant,
        target: DrillRun.TargetClass? = nil
    ) -> RecoveryTime {
        let counted = drills.filter { drill in
            drill.declaredAt >= from && drill.declaredAt <= to && (target.map { $0 == drill.target } ?? true)
        }.sorted { $0.declaredAt < $1.declaredAt }
        let proven = counted.filter { $0.verdict == .proven }
        let times = proven.compactMap(\.duration)
        let sorted = times.sorted()
        let middle = sorted.count / 2
        let median: Duration? =
            sorted.isEmpty ? nil : sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        return RecoveryTime(
            latestDrill: counted.last,
            proven: proven.count,
            drills: counted.count,
            latest: times.last,
            worst: sorted.last,
            median: median
        )
    }

    /// Whether a recovery takes no longer than the RTO, as the latest drill showed.
    ///
    /// The allowance for detection and decision, which drills leave out, is added to what the drill measured.
    package func judgeRTO(_ objectives: Objectives) -> ObjectiveVerdict? {
        guard let rto = objectives.rto else { return nil }
        return judge(
            plus: [(objectives.decisionAllowance, "allowance for the decision")],
            limit: rto,
            name: "RTO"
        )
    }

    /// Whether recovery and the work that follows it stay within the maximum tolerable downtime.
    package func judgeMTD(_ objectives: Objectives) -> ObjectiveVerdict? {
        guard let mtd = objectives.mtd else { return nil }
        return judge(
            plus: [
                (objectives.decisionAllowance, "allowance for the decision"),
                (objectives.workRecovery, "work recovery"),
            ],
            limit: mtd,
            name: "MTD"
        )
    }

    private func judge(plus additions: [(Duration?, String)], limit: Duration, name: String) -> ObjectiveVerdict {
        guard let latestDrill else { return .unknown("no drill ran in the period") }
        switch latestDrill.verdict {
        case .failed: return .missed("the latest drill, of \(latestDrill.declaredAt), failed")
        case .unverified: return .unknown("the latest drill, of \(latestDrill.declaredAt), could not check everything")
        case .proven: break
        }
        guard let measured = latestDrill.duration else { return .unknown("the latest drill measured no recovery time") }
        var total = measured
        var text = "recovery took \(measured.inWords)"
        for case (let addition?, let label) in additions where addition > .zero {
            total += addition
            text += " plus \(addition.inWords) of \(label)"
        }
        return total <= limit ? .met : .missed("\(text); the \(name) is \(limit.inWords)")
    }
}
