import CommandLineKit
import Diagnostics
import Model
import Policy
import Repository
import Settings
import Streams
import Terminal

/// `lifeboat prune`: what retention would remove, and with `--yes` removes.
struct PruneCommand: LifeboatCommand {
    var plans: [String] = []
    var policy: String?
    var acts = false
    var isImmediate = false
    var acceptsBrokenChain = false
    var discardsDamaged = false
    var maxShare = 50
    var turn = TurnOptions()
    var repository = RepositoryOptions()
    var keys = KeyOptions()
    var output = OutputOptions()

    static let name = "prune"
    static let summary = "Show what retention removes, and remove it with --yes"
    static let discussion = """
        Prints every point with all the reasons to keep or remove it, and changes nothing. With --yes the points are \
        removed and the removal is recorded. Archives that no point needs any more are condemned, and deleted by a later \
        prune, a day after that at the earliest.

        The newest complete point, the newest proven point and held points always stay. More than half of the points, \
        the archives or their bytes do not go in one run unless --max-share allows it, where that is more than 8 points \
        or 16 archives.
        """
    static let examples = [
        CommandExample("Look first", "lifeboat prune"),
        CommandExample("Then act", "lifeboat prune --yes"),
        CommandExample("Without settings", "lifeboat prune --from ./backups --policy nightly-30d"),
    ]
    static let exitStatuses =
        CommandExitStatus.reading + [
            CommandExitStatus(.busy, "another run is at it"),
            CommandExitStatus(.partial, "done, but not in every repository, or not all of it"),
        ]
    static let arguments: [Argument<Self>] =
        [
            .positionals("PLAN", to: \.plans, help: "Plans of lifeboat.json; all when none is named"),
            .option(
                "--policy",
                value: "NAME",
                to: \.policy,
                help: "Use this policy of retention.json or a built-in one"
            ),
            .flag("--yes", to: \.acts, help: "Do it"),
            .flag("--now", to: \.isImmediate, help: "Delete archives without the day's wait; nothing else may run"),
            .flag(
                "--accept-broken-chain",
                to: \.acceptsBrokenChain,
                help: "Go on although a point or a record was removed by hand, and remember that this was meant"
            ),
            .flag(
                "--discard-damaged",
                to: \.discardsDamaged,
                help: "Let go of points whose bytes are not what was written"
            ),
            .option(
                "--max-share",
                value: "PERCENT",
                to: \.maxShare,
                in: 1...100,
                help: "The most that may go in one run, of points, archives or bytes"
            ),
        ]
        + TurnOptions.arguments.map { $0.lifted(\.turn) }
        + RepositoryOptions.arguments.map { $0.lifted(\.repository) }
        + KeyOptions.arguments.map { $0.lifted(\.keys) }
        + OutputOptions.arguments.map { $0.lifted(\.output) }

    func run(in context: CommandContext) async throws {
        let console = context.console(output)
        try requireUse()
        let patience = turn.patience(context.stop, on: console)
        var answers: [PruneAnswer] = []
        var failures = PruneFailures()
        var seen = SeenRepositories()
        let targets = try targets(in: context)
        let opened = try await onEngineThread(context.stop) {
            targets.map { target in Result { try open(target, in: context) } }
        }
        let within = zip(targets, opened).compactMap { target, opened in
            (try? opened.get()).map { (target, PlanRepositories.Opened(name: target.place.name, repository: $0)) }
        }
        for (target, opened) in zip(targets, opened) {
            do {
                let repository = try opened.get()
                try seen.admit(repository, as: target.place.name)
                let (answer, warnings) = try await onEngineThread(context.stop) {
                    try take(target, in: repository, beside: within, patience, context)
                }
                for warning in warnings { console.warn(warning, as: output.format) }
                if output.format == .text { PruneText(answer).lines.forEach(console.answer) }
                answers.append(answer)
            } catch {
                // One that is out of reach must not keep the others full.
                guard !context.stop.isRequested else { throw error }
                failures.add(diagnostic(for: error), in: target.place.name)
            }
        }
        if answers.isEmpty, let error = failures.first { throw error }
        if output.format == .json {
            try console.answer("prunes", PruneAnswers(repositories: answers, failed: failures.answer))
        }
        let isPending = answers.contains { answer in
            !answer.removed.isEmpty || !answer.condemned.isEmpty || !answer.deleted.isEmpty || !answer.accepted.isEmpty
        }
        if !acts, let refused = answers.compactMap(\.excess).first {
            console.talk("Nothing was changed, and --yes alone would refuse: \(refused).")
        } else if !acts, isPending {
            console.talk("Nothing was changed. Run it again with --yes to do this.")
        }
        let denied = Self.denied(answers)
        if let partial = failures.outcome {
            if let denied { console.warn(denied, as: output.format) }
            throw partial
        }
        if let denied { throw denied }
    }

    /// What the storage did not let go of, as the outcome of the whole: partial when something else was removed.
    private static func denied(_ answers: [PruneAnswer]) -> Diagnostic? {
        let runs = answers.compactMap { answer in answer.done.map { (answer.repository, $0) } }
        guard let first = runs.first(where: { ($0.1.denied ?? 0) > 0 }) else { return nil }
        let count = runs.reduce(0) { $0 + ($1.1.denied ?? 0) }
        let isPartial = runs.contains { $0.1.removedArchives > 0 || !$0.1.removedPoints.isEmpty }
        return Diagnostic(
            isPartial ? .partial : .deleteDenied,
            "\(first.0) did not let go of \(count) object\(count == 1 ? "" : "s")",
            cause: "these credentials may not delete there, or the objects are locked",
            hint:
                "Name credentials that may delete with 'deleteWith', or prune again when the locks have ended."
        )
    }

    private func open(_ target: PruneTarget, in context: CommandContext) throws -> Repository {
        try Repository.open(
            try target.place.store(in: context, for: use),
            keyring: try keys.keyring(in: context)
        )
    }

    private func requireUse() throws {
        guard turn.wait != nil, !acts else { return }
        throw Diagnostic(
            .usage,
            "--wait says nothing without --yes",
            cause: "looking needs no turn",
            hint: "Leave it out, or add --yes."
        )
    }

    private func take(
        _ target: PruneTarget,
        in opened: Repository,
        beside others: [(PruneTarget, PlanRepositories.Opened)],
        _ turn: TurnPatience,
        _ context: CommandContext
    ) throws -> (PruneAnswer, [Diagnostic]) {
        let options = PruneOptions(
            skipsWait: isImmediate,
            acceptsBrokenChain: acceptsBrokenChain,
            maxSharePercent: maxShare
        )
        let copies = others.compactMap { other, place in
            let isCopy = other.named.contains { plan in target.named.contains { $0.name == plan.name } }
            return isCopy && place.repository !== opened ? place : nil
        }
        func prune(_ session: Session?) throws -> (PruneAnswer, [Diagnostic]) {
            // Not before the turn has come: a hold may be placed while it is waited for.
            let kept = KeptElsewhere(of: target.named.map(\.name), in: copies)
            return (try self.prune(target, in: opened, kept, options, session, context), kept.remarks)
        }
        let (answer, remarks) = acts ? try opened.pruning(options, turn: turn, prune) : try prune(nil)
        return (answer, remarks + opened.remarks + (opened.pruneRefusal(options).map { acts ? [] : [$0] } ?? []))
    }

    /// Only looks where there is no session.
    private func prune(
        _ target: PruneTarget,
        in opened: Repository,
        _ kept: KeptElsewhere,
        _ options: PruneOptions,
        _ session: Session?,
        _ context: CommandContext
    ) throws -> PruneAnswer {
        let now = context.now()
        let stock = try opened.archiveStock()
        var decisions = try target.plans(in: opened).flatMap { plan in
            try opened.retentionDecisions(
                plan: plan.name,
                policy: plan.policy,
                now: now,
                zone: plan.zone,
                stock: stock
            )
        }
        if discardsDamaged { decisions = try opened.discardingDamaged(decisions) }
        decisions = kept.kept(decisions)
        let plan = try opened.planPrune(decisions, options: options)
        var answer = PruneAnswer(repository: opened.place, plan: plan, scope: Set(decisions.map(\.point)))
        if let session { answer.done = try opened.prune(plan, tool: Tool.full, now: now, in: session) }
        return answer
    }

    /// The repository that was named with a policy, or every repository of the plans.
    private func targets(in context: CommandContext) throws -> [PruneTarget] {
        if let from = repository.from {
            guard let policy else {
                throw Diagnostic(.usage, "--from needs a policy", hint: "Name one with --policy, such as nightly-30d.")
            }
            let named = try plans.map(Self.planName) + (try repository.planName().map { [$0] } ?? [])
            let settings = try SettingsChoice(config: repository.config).loadIfPresent(in: context)
            // A retention.json serves without a lifeboat.json too.
            let chosen = try Self.policy(policy, in: try settings?.retention ?? RetentionPolicies.load(besides: "."))
            let place = try RepositoryChoice(typed: from, config: repository.config).place(in: context)
            return [
                PruneTarget(
                    place: place,
                    all: named.isEmpty ? chosen : nil,
                    named: named.map { ($0, chosen, .utc) },
                    isTyped: true
                )
            ]
        }
        let settings = try SettingsChoice(config: repository.config).load(in: context)
        let chosen = try settings.plans(named: plans + (repository.plan.map { [$0] } ?? []))
        return try settings.repositories.compactMap { place in
            let here = try chosen.filter { $0.repositories.contains(place.name) }.compactMap { plan in
                try retention(of: plan, in: settings).map { (try Self.planName(plan.name), $0, plan.schedule.timeZone) }
            }
            guard !here.isEmpty else { return nil }
            return PruneTarget(place: RepositoryPlace(place, in: context), all: nil, named: here)
        }
    }

    /// Looking needs no right to delete.
    private var use: StoreUse { acts ? .deleting : .working }

    /// Nil, with nothing removed, for a plan that names no policy.
    private func retention(of plan: PlanSettings, in settings: Settings) throws -> RetentionPolicy? {
        try policy.map { try Self.policy($0, in: settings.retention) } ?? plan.retention
    }

    private static func policy(_ name: String, in policies: RetentionPolicies) throws -> RetentionPolicy {
        guard let policy = policies[name] else {
            throw Diagnostic(
                .settingsMissing,
                "there is no retention policy '\(name)'",
                cause: "there are " + policies.names.joined(separator: ", "),
                hint: "Name one of these, or add it to retention.json."
            )
        }
        return policy
    }

    private static func planName(_ text: String) throws -> PlanName {
        guard let name = PlanName(text) else {
            throw Diagnostic(.usage, "'\(text)' cannot be the name of a plan", hint: "Use 1 to 200 bytes of text.")
        }
        return name
    }
}

/// One repository to prune, with the plans in it that retention is asked about.
struct PruneTarget: Sendable {
    let place: RepositoryPlace
    /// The policy of every plan there; nil when plans were named.
    let all: RetentionPolicy?
    let named: [(name: PlanName, policy: RetentionPolicy, zone: TimeZoneRules)]
    /// Whether the repository was named, and not found by its plans.
    var isTyped = false

    /// Throws where a repository was named that has nothing of a plan that was named too.
    func plans(in repository: Repository) throws -> [(name: PlanName, policy: RetentionPolicy, zone: TimeZoneRules)] {
        if isTyped { for plan in named { try repository.requirePlan(plan.name) } }
        guard let all else { return named }
        return try repository.plans().map { ($0, all, .utc) }
    }
}
