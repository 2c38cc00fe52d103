import AgeEncryption
import Diagnostics
import Model
import Repository
import Settings
import Streams

/// One verification of every repository that is meant, one after the other; blocks.
struct VerifyTask {
    let command: VerifyCommand
    let counters: VerifyCounters
    let context: CommandContext

    struct Result: Sendable {
        var answers: [VerifyAnswer] = []
        var remarks: [Diagnostic] = []
        /// Repositories that were not verified, or not to the end.
        var failures: [(name: String, error: Diagnostic)] = []

        /// What to say when some were verified and others were not.
        var missed: Diagnostic? {
            guard let first = failures.first else { return nil }
            let names = failures.map { "'\($0.name)'" }.joined(separator: ", ")
            return Diagnostic(
                .partial,
                "\(names) could not be verified",
                cause: first.error.cause.map { "\(first.error.summary): \($0)" } ?? first.error.summary,
                hint: first.error.hint ?? "Verify it again when it is within reach."
            )
        }
    }

    /// Throws when no repository could be verified, and when it was interrupted.
    func run() throws -> Result {
        let keyring = try command.keys.keyring(in: context)
        let places = try PlanRepositories(
            try command.repository.everyPlace(in: context),
            keyring,
            in: context,
            for: command.repairs ? .deleting : .working
        )
        let plan = try command.repository.planName()
        try places.requirePlan(plan, of: command.repository)
        let named = try Set(command.points.map { try places.resolve($0, plan: plan) })
        let others = command.repairs ? try others(places, keyring) : []
        // Once: a passphrase may be asked for.
        let identities = command.isDeep ? try command.keys.identities(keyring, in: context) : []
        var result = Result(failures: places.failures)
        for place in places.opened {
            do {
                let names = try place.repository.listPoints(plan: plan).map(\.name)
                let lacking = named.subtracting(names).sorted()
                result.remarks += lacking.map { Self.lacks(place.name, $0) }
                let chosen = named.isEmpty ? names : names.filter(named.contains)
                // One of several may have nothing yet; or nothing any more, which shows where no point is named.
                if chosen.isEmpty, places.count == 1 { throw Self.nothing(in: [place.repository.displayName]) }
                if chosen.isEmpty, !named.isEmpty { continue }
                try verify(chosen, plan, in: place.repository, from: others, identities, &result)
            } catch {
                guard !context.stop.isRequested else { throw error }
                result.failures.append((place.name, diagnostic(for: error)))
            }
        }
        guard result.answers.isEmpty else { return result }
        throw result.failures.first?.error ?? Self.nothing(in: places.opened.map(\.repository.displayName))
    }

    /// Verifies plan by plan, because each plan has a chain of records of its own.
    private func verify(
        _ names: [PointName],
        _ plan: PlanName?,
        in repository: Repository,
        from others: [Repository],
        _ identities: [any Identity],
        _ result: inout Result
    ) throws {
        let session = try repository.beginReadingSession(kind: .verify, plan: plan, base: nil)
        defer { try? session?.end() }
        let mending = command.repairs ? Mending(repository, from: others, stop: context.stop) : nil
        let verification = PlanVerification(
            repository: repository,
            mending: mending,
            identities: identities,
            depth: command.isDeep ? .decrypted : command.isQuick ? .sizes : .bytes,
            within: command.within,
            isWhole: command.points.isEmpty,
            counters: counters,
            context: context
        )
        var answer = VerifyAnswer(repository: repository.place, isDeep: command.isDeep)
        let byPlan = Dictionary(grouping: names, by: \.plan)
        for (plan, names) in byPlan.sorted(by: { $0.key.text < $1.key.text }) {
            try verification.run(plan, names, into: &answer)
        }
        // A plan may have lost every point that it had.
        let emptied = try command.points.isEmpty ? (plan.map { [$0] } ?? repository.plans()) : []
        for plan in emptied where byPlan[plan] == nil { try verification.checkChains(plan, [], into: &answer) }
        if !names.isEmpty || !answer.isSound { result.answers.append(answer) }
        result.remarks += repository.otherRemarks + (mending?.refusals ?? [])
    }

    /// Where good bytes may come from: what was named, else every repository of the plan within reach.
    private func others(_ places: PlanRepositories, _ keyring: Keyring) throws -> [Repository] {
        guard command.copies.isEmpty else {
            return try command.copies.map { name in
                let choice = RepositoryChoice(typed: name, config: command.repository.config)
                return try Repository.open(try choice.store(in: context), keyring: keyring)
            }
        }
        guard command.repository.from != nil else { return places.opened.map(\.repository) }
        guard let settings = try SettingsChoice(config: command.repository.config).loadIfPresent(in: context) else {
            throw Diagnostic(
                .usage,
                "there is no other repository to repair from",
                hint: "Name one with --from-repository."
            )
        }
        return try settings.places(ofPlan: command.repository.plan, in: context).compactMap { place in
            try? Repository.open(try place.store(in: context), keyring: keyring)
        }
    }

    private static func lacks(_ name: String, _ point: PointName) -> Diagnostic {
        Diagnostic(
            .partial,
            "point '\(point)' is not in repository '\(name)'",
            hint: "Copy it there with 'lifeboat repo sync'."
        )
    }

    private static func nothing(in places: [String]) -> Diagnostic {
        Diagnostic(
            .pointUnknown,
            "there is no point in \(places.joined(separator: ", "))",
            hint: "Take one with 'lifeboat backup'."
        )
    }
}
