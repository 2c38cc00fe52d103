import CommandLineKit
import Diagnostics
import Model
import Repository
import Settings

/// Which repository a command reads, and which plan in it.
package struct RepositoryOptions: Sendable {
    package var from: String?
    package var plan: String?
    package var config: String?
    package var deleted = false

    static let arguments: [Argument<Self>] = [
        .option(
            "--from",
            value: "REPO",
            to: \.from,
            completion: .directories,
            help: "The repository; otherwise the one of the plan in lifeboat.json"
        ),
        .option("--plan", value: "PLAN", to: \.plan, help: "Only this plan; needed where there are several"),
        .option("--config", value: "FILE", to: \.config, completion: .files, help: "Read settings from FILE"),
    ]

    /// For commands that only read points.
    static let argumentsWithDeleted =
        arguments + [
            .flag("--deleted", to: \.deleted, help: "Also what was deleted, where a bucket keeps its versions")
        ]

    /// Opens the repository with the keys of this machine.
    func open(
        _ keys: KeyOptions,
        in context: CommandContext,
        for use: StoreUse = .working
    ) throws -> Repository {
        try Repository.open(try store(in: context, for: use), keyring: try keys.keyring(in: context))
    }

    /// The plan that was named; throws for a name that cannot be one.
    func planName() throws -> PlanName? {
        guard let plan else { return nil }
        guard let name = PlanName(plan) else {
            throw Diagnostic(.usage, "'\(plan)' cannot be the name of a plan", hint: "Use 1 to 200 bytes of text.")
        }
        return name
    }

    /// The plan that was named, or the only one that the repository holds.
    func onlyPlan(of repository: Repository) throws -> PlanName {
        if let named = try planName() { return named }
        // One that only a failed run has named has nothing to restore.
        let plans = Set(try repository.listPoints().map(\.name.plan)).sorted { $0.text < $1.text }
        switch plans.count {
        case 1: return plans[0]
        case 0:
            throw Diagnostic(
                .pointUnknown,
                "there is no recovery point in \(repository.displayName)",
                hint: "Take one with 'lifeboat backup'."
            )
        default:
            throw Diagnostic(
                .usage,
                "the repository holds several plans",
                cause: plans.map(\.text).joined(separator: ", "),
                hint: "Name one of them with --plan."
            )
        }
    }

    /// The plan that was named, or nil; throws for one of which the repository that was named has nothing.
    func existingPlanName(in opened: Repository) throws -> PlanName? {
        let plan = try planName()
        if let plan, from != nil { try opened.requirePlan(plan) }
        return plan
    }

    private func store(in context: CommandContext, for use: StoreUse) throws -> any ObjectStore {
        if let from { return try RepositoryChoice(typed: from, config: config).store(in: context, for: use) }
        let settings = try SettingsChoice(config: config).load(in: context)
        return try settings.repository(ofPlan: plan, in: context, for: use)
    }
}

extension Repository {
    /// Throws when nothing of `plan` is here, neither a point nor a record.
    func requirePlan(_ plan: PlanName) throws {
        let plans = try plans()
        guard !plans.contains(plan) else { return }
        throw Diagnostic(
            .usage,
            "there is no plan '\(plan)' in \(displayName)",
            cause: plans.isEmpty ? "it holds nothing yet" : "it has " + plans.map { "'\($0)'" }.joined(separator: ", "),
            hint: plans.isEmpty ? "Take a point with 'lifeboat backup'." : "Name one of these."
        )
    }
}
