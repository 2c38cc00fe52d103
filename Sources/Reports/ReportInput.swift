package import Model
package import Policy

/// Everything a report is made from: what was promised, what lies in the repository, what the records say.
package struct ReportInput: Sendable {
    package var plan: PlanName
    package var from: Instant
    package var to: Instant
    package var now: Instant
    package var objectives: Objectives
    /// Which of them are not the plan's own.
    package var typedTargets: [TypedTarget] = []
    /// The class of target whose drills judge the recovery time.
    package var recoveryTarget: DrillRun.TargetClass
    /// Every point that lies in the repository, damaged ones included (with `badSince`).
    package var points: [ReportPoint]
    /// The plan's records, those before the period included; of one repository in the order in which they are folded.
    package var records: [RunRecord]
    /// The number of the repository that each record lies in; empty where there is one repository only.
    package var origins: [Int] = []
    /// What is known of the repositories themselves, as far as they were within reach.
    package var repositories: [ReportRepository] = []
    /// Repositories of the plan that were not examined: what lies in them is not known.
    package var notExamined: [UnexaminedRepository] = []
    package var schedule: ReportSchedule?
    /// What a drill of this plan cannot check, as everybody knows; shown as expected.
    package var expectedOmissions: [Omission]

    /// Creates an input; `to` is the end of the period, usually `now`.
    package init(
        plan: PlanName,
        from: Instant,
        to: Instant,
        now: Instant,
        objectives: Objectives = Objectives(),
        recoveryTarget: DrillRun.TargetClass = .ephemeral,
        points: [ReportPoint] = [],
        records: [RunRecord] = [],
        schedule: ReportSchedule? = nil,
        expectedOmissions: [Omission] = []
    ) {
        self.plan = plan
        self.from = from
        self.to = to
        self.now = now
        self.objectives = objectives
        self.recoveryTarget = recoveryTarget
        self.points = points
        self.records = records
        self.schedule = schedule
        self.expectedOmissions = expectedOmissions
    }

    /// Every drill that ended by the end of the period, once: one that speaks of several repositories has a record in each.
    var drills: [(record: RunRecord, run: DrillRun)] {
        struct Key: Hashable {
            var host: String
            var started: Instant
            var point: PointName
        }
        var seen: Set<Key> = []
        return records.filter { $0.finished <= end }.sorted { $0.finished < $1.finished }.compactMap { record in
            guard case .drill(let run) = record.event,
                seen.insert(Key(host: record.host, started: record.started, point: run.point)).inserted
            else { return nil }
            return (record, run)
        }
    }

    /// The records with the repository that each lies in.
    var recordsByRepository: [(record: RunRecord, repository: Int)] {
        records.indices.map { (records[$0], origins.isEmpty ? 0 : origins[$0]) }
    }

    /// A miss that what lies in repositories that were not examined could disprove is not known to be one.
    func asFarAsExamined(_ verdict: ObjectiveVerdict) -> ObjectiveVerdict {
        guard case .missed(let reason) = verdict, !notExamined.isEmpty else { return verdict }
        let names = notExamined.map { "'\($0.name)'" }.joined(separator: ", ")
        return .unknown("\(reason), as far as was seen: \(names) was not examined")
    }

    /// The end of what can be judged: the future has not happened.
    var end: Instant { max(from, min(to, now)) }
}

/// A recovery point that lies in the repository, as a report sees it.
package struct ReportPoint: Sendable, Hashable {
    package var name: PointName
    package var recoveryInstant: Instant
    package var committedAt: Instant
    /// Why it is held; nil when it is not.
    package var hold: String?
    /// When a drill proved it; what the records say is added by the report.
    package var provenAt: Instant?
    /// From when every copy is known to be bad; what the records say is added by the report.
    package var badSince: Instant?
    package var bytes: Int64
    /// In how many repositories it lies.
    package var copies: Int
    /// The numbers of these repositories.
    package var repositories: Set<Int> = [0]
    /// Copies that cannot even be read, and since when.
    package var badCopies: [Int: Instant] = [:]
    /// When each of these repositories got its copy; `committedAt` where that is not known.
    package var committedIn: [Int: Instant] = [:]
    /// How much text it stands for, where that is known.
    package var textBytes: Int64?

    /// Creates a point.
    package init(
        name: PointName,
        recoveryInstant: Instant,
        committedAt: Instant,
        hold: String? = nil,
        provenAt: Instant? = nil,
        badSince: Instant? = nil,
        bytes: Int64 = 0,
        copies: Int = 1
    ) {
        self.name = name
        self.recoveryInstant = recoveryInstant
        self.committedAt = committedAt
        self.hold = hold
        self.provenAt = provenAt
        self.badSince = badSince
        self.bytes = bytes
        self.copies = copies
    }
}

/// What the plan's schedule says, as far as it is known.
package struct ReportSchedule: Sendable, Hashable {
    /// The longest time between two scheduled backups.
    package var longestGap: Duration?
    /// How late a run may start at random.
    package var jitter: Duration
    package var nextBackup: Instant?
    package var nextDrill: Instant?

    /// Creates the facts.
    package init(
        longestGap: Duration? = nil,
        jitter: Duration = .zero,
        nextBackup: Instant? = nil,
        nextDrill: Instant? = nil
    ) {
        self.longestGap = longestGap
        self.jitter = jitter
        self.nextBackup = nextBackup
        self.nextDrill = nextDrill
    }
}
