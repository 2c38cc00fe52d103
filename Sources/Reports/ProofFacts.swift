package import Model
import Policy

/// How much of what is kept is known to restore, and whether drills keep their rhythm.
package struct ProofFacts: Sendable, Hashable, Encodable {
    package let drillEverySeconds: Double?
    /// The rhythm and the last drill together: a failed one is missed, whatever was promised.
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
    /// On any class of target.
    package let lastDrill: DrillFacts?

    init(_ input: ReportInput, _ history: PointHistory) {
        let drills = DrillFacts.all(in: input)
        let kept = input.points.filter { $0.committedAt <= input.end }
        let retained = kept.map { $0.retention(history) }
        let coverage = ProofCoverage(retained, now: input.end)
        let cadence = input.objectives.drillEvery.map { interval in
            DrillCadence(
                every: interval,
                provenAt: drills.filter { $0.verdict == .proven }.map(\.finished),
                protectedSince: history.lives.values.map(\.committedAt).min(),
                now: input.end
            )
        }
        drillEverySeconds = input.objectives.drillEvery?.inSeconds
        compliance = Compliance(all: [Compliance(cadence?.verdict), Compliance(drills.last?.proofVerdict)])
        retainedPoints = coverage.points
        provenPoints = coverage.proven
        self.coverage = coverage.share
        newestProven =
            retained.filter { $0.isProven && !$0.isKnownBad }.max { $0.recoveryInstant < $1.recoveryInstant }?.id
        newestProvenInstant = coverage.newestProven
        newestProvenAgeSeconds = coverage.ageOfNewestProven?.inSeconds
        self.drills = DrillCounts(drills.filter { $0.declared >= input.from }, input)
        dueAt = cadence?.dueAt
        lateBySeconds = cadence?.lateBy?.inSeconds
        lastDrill = drills.last
    }
}

/// The drills of the period by their verdict.
package struct DrillCounts: Sendable, Hashable, Codable {
    package let proven: Int
    package let failed: Int
    package let unverified: Int
    /// How many the rhythm asks for in the period; nil without a rhythm.
    package let due: Int?

    init(_ drills: [DrillFacts], _ input: ReportInput) {
        proven = drills.count { $0.verdict == .proven }
        failed = drills.count { $0.verdict == .failed }
        unverified = drills.count { $0.verdict == .unverified }
        due = input.objectives.drillEvery.flatMap { interval in
            interval > .zero ? Int((input.end - input.from) / interval) : nil
        }
    }
}

extension DrillFacts {
    /// Every drill that ended by the end of the period, in the order in which they ended.
    fileprivate static func all(in input: ReportInput) -> [DrillFacts] {
        input.drills.map { record, run in
            DrillFacts(
                run,
                declared: record.started,
                finished: record.finished,
                expected: input.expectedOmissions
            )
        }
    }

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
