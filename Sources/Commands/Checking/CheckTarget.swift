import Diagnostics
import Export
import Model
import PostgresClient
import Repository
import Settings
import Streams

/// A database and the places its points go to, as far as they are known.
struct CheckTarget: Sendable {
    /// Under which heading the findings stand.
    var title: String
    var plan: PlanSettings?
    /// Nil when only repositories are looked at.
    var source: Source?
    var places: [RepositoryPlace]

    /// Where the database is; resolved late, so that a variable that is not set is a finding.
    enum Source: Sendable {
        case settings(ConnectionSettings)
        case plan(PlanSettings.Source)
    }
}

/// Everything that can be known of a target without taking a backup.
struct TargetCheck: Sendable {
    let target: CheckTarget
    let keys: KeyOptions
    let context: CommandContext

    /// Blocks while databases and repositories are asked.
    func run() -> CheckList {
        var list = CheckList(plan: target.title)
        let facts = checkSource(&list)
        let durations = checkRepositories(isLocal: facts?.isLocal, &list)
        if let facts {
            DrillCheck(
                sourceMajor: facts.major,
                databaseBytes: facts.databaseBytes,
                isScheduled: target.plan?.schedule.drill != nil,
                folder: target.plan?.scratch?.folder ?? context.environment["TMPDIR"] ?? "/tmp",
                environment: context.environment
            ).run(&list)
        }
        if let plan = target.plan {
            ScheduleCheck(plan: plan, durations: durations, now: context.now()).run(&list)
        }
        return list
    }

    private func checkSource(_ list: inout CheckList) -> SourceCheck.Facts? {
        guard let source = target.source else { return nil }
        guard let settings = list.attempt("source", { try resolve(source) }) else { return nil }
        return SourceCheck(
            settings: settings,
            excludedRows: (target.plan?.excludedTables ?? []).map { TablePattern($0) },
            workers: target.plan?.workers ?? 4,
            stop: context.stop
        ).run(&list)
    }

    private func resolve(_ source: CheckTarget.Source) throws -> ConnectionSettings {
        switch source {
        case .settings(let settings): settings
        case .plan(.connection(let text)): try ConnectionSettings(text: text)
        case .plan(.environment(let variable)): try SourceText(variable: variable, in: context).settings
        }
    }

    /// Two names for one place are one copy, whatever the settings promise.
    private func warnOfSamePlaces(_ list: inout CheckList) {
        let texts = target.places.map { place in place.folder.flatMap(RepositoryCheck.identity) ?? place.text }
        for (index, place) in target.places.enumerated() {
            guard let first = texts.firstIndex(of: texts[index]), first < index else { continue }
            list.warn(
                "repository",
                "'\(target.places[first].name)' and '\(place.name)' are the same place: that is one copy, not two",
                hint: "Give each repository a place of its own."
            )
        }
    }

    /// What can be known of a place without keys.
    private func checkReach(_ place: RepositoryPlace, _ list: inout CheckList) {
        let isThere = list.attempt("repository") {
            let store = try place.store(in: context, for: .reading)
            return (try Repository.isThere(in: store), store.displayName)
        }
        guard let (isThere, name) = isThere else { return }
        if isThere {
            list.warn(
                "repository",
                "\(name) is within reach, and was made with keys that are not here",
                hint: "Run 'lifeboat key trust SIGNER' with the signer on the escrow sheet."
            )
        } else {
            list.ok("repository", "\(name) is within reach, and no repository is there yet")
        }
    }

    /// Returns how long past backups took.
    private func checkRepositories(isLocal: Bool?, _ list: inout CheckList) -> [Duration] {
        guard !target.places.isEmpty else { return [] }
        warnOfSamePlaces(&list)
        if target.source != nil, !keys.hasKeyring(in: context) {
            list.warn("keys", "there are no keys yet; the first backup makes them, and says what to put in escrow")
            for place in target.places { checkReach(place, &list) }
            return []
        }
        guard let keyring = list.attempt("keys", { try keys.keyring(in: context) }) else { return [] }
        var durations: [Duration] = []
        for place in target.places {
            let check = RepositoryCheck(
                place: place,
                context: context,
                plan: target.plan.flatMap { PlanName($0.name) },
                isBackedUpInto: target.source != nil,
                keyring: keyring
            )
            durations += check.run(&list)?.durations ?? []
        }
        if isLocal == true, target.places.allSatisfy({ $0.folder.map(RepositoryCheck.liesOnSystemDisk) ?? false }) {
            list.warn(
                "place",
                "the database and every copy of it are on this machine's own disk",
                hint: "Name a folder on another machine or disk, or have another tool copy the repository away."
            )
        }
        return durations
    }
}
