import AgeEncryption
import Diagnostics
import Model
import Repository
import Settings
import Streams

/// A point, the repository it is read from, and the others that hold copies of it.
struct PointSource: Sendable {
    let sealed: SealedPoint
    let repository: Repository
    let copies: [Repository]
    /// Why other repositories of the plan were passed over, a sentence each.
    let notices: [String]

    var point: StoredPoint { sealed.point }

    /// Finds what `selector` means in the repositories of a plan, in their order.
    ///
    /// `latest` is the newest that any of them has. One that cannot be opened, lacks the point, or holds it damaged is passed
    /// over for the next and named; only when none serves is the first reason thrown.
    static func find(
        _ selector: String,
        plan: PlanName?,
        in places: [RepositoryPlace],
        keyring: Keyring,
        context: CommandContext
    ) throws -> PointSource {
        var search = Search()
        let opened = places.compactMap { place in
            search.attempt { try Repository.open(try place.store(in: context), keyring: keyring) }
        }
        let named = opened.compactMap { repository in
            search.attempt { try repository.find(selector, plan: plan) }
        }
        guard let name = named.meant(by: selector)?.name else { throw search.failure }
        let holders = opened.filter { repository in
            search.attempt { try repository.listPoints(plan: name.plan).contains { $0.name == name } } == true
        }
        for (index, repository) in holders.enumerated() {
            guard let sealed = search.attempt({ try repository.readSealedPoint(name) }) else { continue }
            let copies = holders.enumerated().filter { $0.offset != index }.map(\.element)
            return PointSource(sealed: sealed, repository: repository, copies: copies, notices: search.notices)
        }
        var failure = search.failure
        if let sound = holders.lazy.compactMap({ try? $0.newest(plan: name.plan).point?.name }).first, sound != name {
            failure.hint = "The newest sound one is '\(sound)': name it, or bring this one back from another copy."
        }
        throw failure
    }

    /// What to tell beside the answer, once the point was read.
    var remarks: [Diagnostic] { ([repository] + copies).flatMap(\.remarks) }

    /// Keeps what is read from being collected in every repository that can be written; `end()` them all.
    func beginSessions() throws -> [Session] {
        let name = point.name
        let first = try repository.beginReadingSession(kind: .restore, plan: name.plan, base: name)
        return ([first] + copies.map { try? $0.beginSession(kind: .restore, plan: name.plan, base: name) })
            .compactMap(\.self)
    }

    /// What went wrong on the way.
    private struct Search {
        private var errors: [Diagnostic] = []

        var notices: [String] {
            errors.map { error in error.cause.map { "\(error.summary): \($0)" } ?? error.summary }
        }

        var failure: Diagnostic {
            errors.first
                ?? Diagnostic(.pointUnknown, "there is no such point", hint: "List them with 'lifeboat points'.")
        }

        mutating func attempt<Value>(_ body: () throws -> Value) -> Value? {
            do {
                return try body()
            } catch {
                errors.append(Commands.diagnostic(for: error))
                return nil
            }
        }
    }
}

extension RepositoryOptions {
    /// The repository that was named, or those of the plan in the order in which they are to be asked.
    func places(whole: Bool = false, in context: CommandContext) throws -> [RepositoryPlace] {
        let places =
            if let from {
                [try RepositoryChoice(typed: from, config: config).place(in: context)]
            } else {
                try SettingsChoice(config: config).load(in: context).places(ofPlan: plan, whole: whole, in: context)
            }
        return deleted ? try places.map { try $0.showingDeleted() } : places
    }

    /// The same, with the plan that a point's full name tells, where the settings know it.
    func ofPlan(in point: String, in context: CommandContext) throws -> RepositoryOptions {
        guard from == nil, plan == nil, let end = point.lastIndex(of: "/") else { return self }
        let name = String(point[..<end])
        guard try SettingsChoice(config: config).load(in: context).plan(name) != nil else { return self }
        var options = self
        options.plan = name
        return options
    }

    /// The repository that was named, or those of the plan that was named, or every one that a plan uses.
    func everyPlace(in context: CommandContext) throws -> [RepositoryPlace] {
        guard from == nil, plan == nil else { return try places(in: context) }
        let settings = try SettingsChoice(config: config).load(in: context)
        return try settings.plans(named: []).reduce(into: []) { places, plan in
            for place in try settings.places(ofPlan: plan.name, in: context) where !places.contains(place) {
                places.append(place)
            }
        }
    }
}

extension Settings {
    /// The repositories of a plan, or of the only one there is; throws where there are several plans and none is named.
    ///
    /// Looking needs one repository that all plans have first; `whole` is for what must reach every copy.
    func places(ofPlan name: String?, whole: Bool = false, in context: CommandContext) throws -> [RepositoryPlace] {
        let chosen = try plans(named: name.map { [$0] } ?? [])
        let lists = Set(chosen.map(\.repositories))
        let firsts = Set(lists.map { $0.prefix(1) })
        // Without a plan's name only what is the same for all can be meant.
        guard let names = lists.count == 1 ? lists.first : firsts.first.map({ Array($0) }),
            lists.count == 1 || firsts.count == 1 && !whole
        else {
            throw Diagnostic(
                .usage,
                "\(path) has several plans with repositories of their own",
                cause: chosen.map(\.name).joined(separator: ", "),
                hint: "Name a plan with --plan, or a repository with --from."
            )
        }
        return try names.map { name in
            guard let found = repository(name) else {
                throw Diagnostic(.settingsInvalid, "there is no repository '\(name)' in \(path)")
            }
            return RepositoryPlace(found, in: context)
        }
    }
}

extension Diagnostic {
    /// A repository of the plan did not serve and another did.
    static func passedOver(_ notice: String) -> Diagnostic {
        Diagnostic(
            .partial,
            "a repository of the plan was passed over",
            cause: notice,
            hint: "Bring it within reach; where it is damaged, 'lifeboat verify --repair' mends it from another."
        )
    }
}
