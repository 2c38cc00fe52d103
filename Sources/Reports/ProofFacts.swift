package import Model
import Policy

/// How much of what is kept is known to restore, and whether drills keep their rhythm.
package struct ProofFacts: Sendable, Hashable, Encodable {
    package let drillEverySeconds: Double?
    /// The rhythm over the period, the last drill and the last one that counts together: a failed one is missed, whatever was
    /// promised.
    package let compliance: Compliance
    package let retainedPoints: Int
    package let provenPoints: Int
    /// The share of the retained good points that were proven; nil without points.
    package let coverage: Double?
    package let newestProven: String?
    package let newestProvenInstant: Instant?
    package let newestProvenAgeSeconds: Double?
    package let drills: DrillCounts
    /// By when the next drill must have proven a point; nil without a rhythm or a point.
    package let dueAt: Instant?
    package let lateBySeconds: Double?
    /// The longest time without a proven drill that reached into the period; nil without a rhythm or a point.
    package let longestGapSeconds: Double?
    package let longestGapFrom: Instant?
    package let longestGapTo: Instant?
    /// On any class of target.
    package let lastDrill: DrillFacts?

    init(_ input: ReportInput, _ history: PointHistory, _ judged: [JudgedDrill]) {
        let drills = judged.map { $0.facts(input.expectedOmissions) }
        let kept = input.points.filter { $0.committedAt <= input.end }
        let retained = kept.map { $0.retention(history) }
        let coverage = ProofCoverage(retained, now: input.end)
        let counted = judged.filter(\.counts)
        let cadence = input.objectives.drillEvery.map { interval in
            DrillCadence(
                every: interval,
                provenAt: counted.filter { $0.run.verdict == .proven }.map(\.record.finished),
                protectedSince: history.protectedSince,
                from: input.from,
                now: input.end
            )
        }
        // A drill of an old point does not make up for one that failed on the newest.
        let last = [counted.last, judged.last].compactMap { $0?.facts([]).proofVerdict }.reduce(nil) { worst, next in
            worst?.and(next) ?? next
        }
        drillEverySeconds = input.objectives.drillEvery?.inSeconds
        compliance = Compliance(all: [
            Compliance(cadence.map { input.asFarAsExamined($0.verdict) }), Compliance(last),
        ])
        retainedPoints = coverage.points
        provenPoints = coverage.proven
        self.coverage = coverage.share
        newestProven =
            retained.filter { $0.isProven && !$0.isKnownBad }.max { $0.recoveryInstant < $1.recoveryInstant }?.id
        newestProvenInstant = coverage.newestProven
        newestProvenAgeSeconds = coverage.ageOfNewestProven?.inSeconds
        self.drills = DrillCounts(drills.filter { $0.declared >= input.from }, due: cadence?.due)
        dueAt = cadence?.dueAt
        lateBySeconds = cadence?.lateBy?.inSeconds
        longestGapSeconds = cadence?.longestGap?.length.inSeconds
        longestGapFrom = cadence?.longestGap?.from
        longestGapTo = cadence?.longestGap?.to
        lastDrill = drills.last
    }
}

/// The drills of the period by their verdict.
package struct DrillCounts: Sendable, Hashable, Codable {
    package let proven: Int
    package let failed: Int
    package let unverified: Int
    /// How many the rhythm asks for in the protected part of the period; nil without a rhythm.
    package let due: Int?

    init(_ drills: [DrillFacts], due: Int?) {
        proven = drills.count { $0.verdict == .proven }
        failed = drills.count { $0.verdict == .failed }
        unverified = drills.count { $0.verdict == .unverified }
        self.due = due
    }
}

extension JudgedDrill {
    fileprivate func facts(_ expected: [Omission]) -> DrillFacts {
        DrillFacts(run, declared: record.started, finished: record.finished, expected: expected)
    }
}

extension DrillFacts {
    /// What a drill says of the proof even where no rhythm was promised; nil when it proved its point.
    fileprivate var proofVerdict: ObjectiveVerdict? {
        switch verdict {
        case .proven: nil
        case .failed: .missed("the latest drill, of \(declared), failed")
        case .unverified: .unknown("the latest drill, of \(declared), could not check everything")
        }
    }
}

extension ReportPoint {
    fileprivate func retention(_ history: PointHistory) -> RetentionPoint {
        let life = history.lives[name]
        return RetentionPoint(
            id: name.description,
            recoveryInstant: recoveryInstant,
            committedAt: committedAt,
            isProven: life?.provenAt != nil,
            isKnownBad: life?.badSince != nil,
            hold: hold,
            bytes: bytes
        )
    }
}
