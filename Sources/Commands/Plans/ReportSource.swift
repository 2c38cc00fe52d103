import Diagnostics
import Model
import Policy
import Reports
import Repository
import Settings

/// Where the facts of one plan's report come from: its repositories and its settings.
struct ReportSource {
    let plan: PlanName
    let repositories: [Repository]
    let settings: PlanSettings?
    /// Why a repository of the plan was passed over.
    var notices: [String] = []
    /// That, and what was found on the way, once the facts were read.
    var warnings: [Diagnostic] { notices.map { .passedOver($0) } + repositories.flatMap(\.remarks) }

    /// The repository that was named with its plans, or plans of the settings.
    static func all(_ command: ReportCommand, in context: CommandContext) throws -> [ReportSource] {
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
            return plans.map { ReportSource(plan: $0, repositories: [repository], settings: nil) }
        }
        let settings = try SettingsChoice(config: command.repository.config).load(in: context)
        return try settings.plans(named: command.plans + (command.repository.plan.map { [$0] } ?? [])).map { plan in
            guard let name = PlanName(plan.name) else {
                throw Diagnostic(.settingsInvalid, "'\(plan.name)' cannot be the name of a plan")
            }
            let places = try settings.places(ofPlan: plan.name, in: context)
            let opened = places.map { place in
                Result { try Repository.open(try place.store(in: context, for: .reading), keyring: keyring) }
            }
            let repositories = opened.compactMap { try? $0.get() }
            // Facts come from those within reach; what lies only in the others counts as not there.
            if repositories.isEmpty, let first = opened.first { _ = try first.get() }
            let notices = zip(places, opened).compactMap { place, result -> String? in
                guard case .failure(let error) = result else { return nil }
                return "repository '\(place.name)' does not count: \(diagnostic(for: error).summary)"
            }
            return ReportSource(plan: name, repositories: repositories, settings: plan, notices: notices)
        }
    }

    /// Reads what the report is made from.
    func input(from: Instant, now: Instant, overriding: (Objectives) -> Objectives) throws -> ReportInput {
        let records = try repositories.map { try $0.records(plan: plan).map(\.record) }
        var input = ReportInput(
            plan: plan,
            from: from,
            to: now,
            now: now,
            objectives: overriding(settings?.objectives.stated ?? Objectives()),
            recoveryTarget: settings?.recoveryTarget ?? .ephemeral,
            points: try points(),
            records: records.flatMap(\.self),
            schedule: settings?.schedule.facts(now: now)
        )
        input.origins = records.enumerated().flatMap { number, records in records.map { _ in number } }
        return input
    }

    /// Every point once, with the repositories that hold it and what is wrong with its copies.
    private func points() throws -> [ReportPoint] {
        var found: [PointName: ReportPoint] = [:]
        for (number, repository) in repositories.enumerated() {
            let evidence = try repository.evidence(plan: plan)
            for listing in try repository.listPoints(plan: plan) {
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
                point.hold = point.hold ?? evidence.holds[listing.name]
                point.provenAt = [point.provenAt, evidence.proven[listing.name]].compactMap(\.self).max()
                do {
                    let manifest = try repository.readPoint(listing.name).manifest
                    point.recoveryInstant = manifest.recoveryInstant
                    point.bytes = manifest.totals.bytesStored
                } catch let error as Diagnostic where error.code != .keyMissing && error.code != .keyWrong {
                    // A copy that cannot be read protects nobody; it never counted.
                    point.badCopies[number] = listing.modified
                }
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
            decisionAllowance: decisionAllowance
        )
    }
}

extension PlanSettings.Schedule {
    /// What the schedule says about the future and about its own gaps.
    func facts(now: Instant) -> ReportSchedule? {
        guard backup != nil || drill != nil else { return nil }
        return ReportSchedule(
            longestGap: backup?.longestGap(from: now, in: timeZone)?.length,
            nextBackup: backup?.next(after: now, in: timeZone),
            nextDrill: drill?.next(after: now, in: timeZone)
        )
    }
}
