import Diagnostics
import Model
import Policy
import Reports
import Repository
import Settings

/// Where the facts of one plan's report come from: its repositories and its settings.
struct ReportSource {
    let plan: PlanName
    let repositories: [PlanRepositories.Opened]
    let settings: PlanSettings?
    /// Why repositories of the plan were passed over.
    private(set) var passedOver: [Diagnostic] = []
    /// Those of which nothing is known.
    private(set) var notExamined: [UnexaminedRepository] = []
    /// That, and what was found on the way, once the facts were read.
    var warnings: [Diagnostic] { passedOver + repositories.flatMap(\.repository.remarks) }

    /// The repository that was named with its plans, or plans of the settings; or why nothing can be known of a plan, which
    /// keeps no other from its report.
    static func all(
        _ command: ReportCommand,
        in context: CommandContext
    ) throws -> [(plan: PlanName, source: Result<ReportSource, Diagnostic>)] {
        let keyring = try command.keys.keyring(in: context)
        if let from = command.repository.from {
            let repository = try Repository.open(
                try RepositoryChoice(typed: from, config: command.repository.config).store(in: context, for: .reading),
                keyring: keyring
            )
            let named =
                try (command.repository.planName().map { [$0] } ?? []) + command.plans.compactMap { PlanName($0) }
            let plans = named.isEmpty ? try repository.plans() : named
            for plan in named { try repository.requirePlan(plan) }
            guard !plans.isEmpty else {
                throw Diagnostic(
                    .pointUnknown,
                    "there is nothing to report on in \(repository.displayName)",
                    hint: "Take a point with 'lifeboat backup'."
                )
            }
            let opened = PlanRepositories.Opened(name: repository.place, repository: repository)
            return plans.map { ($0, .success(ReportSource(plan: $0, repositories: [opened], settings: nil))) }
        }
        let settings = try SettingsChoice(config: command.repository.config).load(in: context)
        return try settings.plans(named: command.plans + (command.repository.plan.map { [$0] } ?? [])).map { plan in
            guard let name = PlanName(plan.name) else {
                throw Diagnostic(.settingsInvalid, "'\(plan.name)' cannot be the name of a plan")
            }
            // Facts come from those within reach; the report names the others.
            let source = Result {
                let found = try PlanRepositories(
                    try settings.places(ofPlan: plan.name, in: context),
                    keyring,
                    in: context,
                    for: .reading
                )
                return ReportSource(
                    plan: name,
                    repositories: found.opened,
                    settings: plan,
                    passedOver: found.passedOver,
                    notExamined: found.failures.map { UnexaminedRepository($0.name, $0.error) }
                )
            }
            return (name, source.mapError(diagnostic))
        }
    }

    /// Reads what the report is made from; a repository that opens and fails after that is passed over too, unless all do.
    ///
    /// `override` puts other promises in the place of the plan's, and says which. Of a period that is over, the schedule of
    /// today says nothing.
    mutating func input(
        from: Instant,
        to end: Instant,
        now: Instant,
        override: (inout Objectives) -> [TypedTarget]
    ) throws -> ReportInput {
        var readings: [RepositoryReading] = []
        var failures: [Diagnostic] = []
        for place in repositories {
            do {
                readings.append(
                    try RepositoryReading(place.repository, named: place.name, plan: plan, until: end, now: now)
                )
            } catch let error as Diagnostic where error.code != .interrupted {
                failures.append(error)
                passedOver.append(.passedOver("repository '\(place.name)' does not count: \(error.summary)"))
                notExamined.append(UnexaminedRepository(place.name, error))
            }
        }
        if readings.isEmpty, let first = failures.first { throw first }
        var objectives = promises
        let typed = override(&objectives)
        var input = ReportInput(
            plan: plan,
            from: from,
            to: end,
            now: now,
            objectives: objectives,
            recoveryTarget: settings?.recoveryTarget ?? .ephemeral,
            points: Self.points(readings),
            records: readings.flatMap(\.records),
            schedule: end < now ? nil : settings?.schedule.facts(now: now)
        )
        input.typedTargets = typed
        input.origins = readings.enumerated().flatMap { number, reading in reading.records.map { _ in number } }
        input.repositories = readings.map(\.facts)
        input.notExamined = notExamined
        return input
    }

    /// What was promised: as many copies as there are repositories, where nothing else is said.
    private var promises: Objectives {
        var stated = settings?.objectives.stated ?? Objectives()
        if let settings, stated.copies == nil, settings.repositories.count > 1 {
            stated.copies = settings.repositories.count
        }
        return stated
    }

    /// Every point once, with the repositories that hold it and what is wrong with its copies.
    private static func points(_ readings: [RepositoryReading]) -> [ReportPoint] {
        var found: [PointName: ReportPoint] = [:]
        for (number, reading) in readings.enumerated() {
            for copy in reading.points {
                let listing = copy.listing
                var point =
                    found[listing.name]
                    ?? ReportPoint(
                        name: listing.name,
                        recoveryInstant: listing.name.slot.instant,
                        committedAt: listing.modified,
                        bytes: listing.bytes,
                        copies: 0
                    )
                if point.copies == 0 { point.repositories = [] }
                point.copies += 1
                point.repositories.insert(number)
                point.committedAt = min(point.committedAt, listing.modified)
                point.committedIn[number] = listing.modified
                point.hold = point.hold ?? reading.evidence.holds[listing.name]
                point.provenAt = [point.provenAt, reading.evidence.proven[listing.name]].compactMap(\.self).max()
                point.badCopies[number] = copy.badSince
                point.recoveryInstant = copy.known?.recoveryInstant ?? point.recoveryInstant
                point.bytes = copy.bytesStored ?? point.bytes
                point.textBytes = copy.textBytes ?? point.textBytes
                found[listing.name] = point
            }
        }
        return found.values.sorted { $0.name < $1.name }
    }
}

extension PlanSettings.Objectives {
    /// The promises as the policy knows them.
    var stated: Objectives {
        Objectives(
            rto: recoveryTime,
            rpo: recoveryPoint,
            mtd: maximumDowntime,
            drillEvery: drillEvery,
            copies: copies,
            decisionAllowance: decisionAllowance,
            workRecovery: workRecovery
        )
    }
}

extension PlanSettings.Schedule {
    /// What the schedule says about the future and about its own gaps.
    func facts(now: Instant) -> ReportSchedule? {
        guard backup != nil || drill != nil else { return nil }
        return ReportSchedule(
            longestGap: backup?.longestGap(from: now, in: timeZone)?.length,
            jitter: SystemdUnits.randomizedDelay,
            nextBackup: backup?.next(after: now, in: timeZone),
            nextDrill: drill?.next(after: now, in: timeZone)
        )
    }
}

extension UnexaminedRepository {
    fileprivate init(_ name: String, _ error: Diagnostic) {
        self.init(name: name, reason: [error.summary, error.cause].compactMap(\.self).joined(separator: ": "))
    }
}
