import Diagnostics
import Model
import Repository
import Settings

/// Finds and reads the settings file.
struct SettingsChoice {
    let config: String?

    /// The settings; throws `settings-missing` when there is no file.
    func load(in context: CommandContext) throws -> Settings {
        guard let path = path(in: context) else { throw SettingsFile.missing(environment: context.environment) }
        return try Settings.load(path)
    }

    /// The settings, or nil when no file was named and none is found.
    func loadIfPresent(in context: CommandContext) throws -> Settings? {
        guard let path = path(in: context) else { return nil }
        return try Settings.load(path)
    }

    /// Where the settings are.
    func path(in context: CommandContext) -> String? {
        SettingsFile.locate(named: config, environment: context.environment)
    }
}

extension Settings {
    /// The plans of these names, all of them when none is named; throws for a name that the file does not have.
    func plans(named names: [String]) throws -> [PlanSettings] {
        guard !plans.isEmpty else {
            throw Diagnostic(
                .settingsMissing,
                "there is no plan in \(path)",
                hint: "Add one under 'plans', or name a database and a repository on the command line."
            )
        }
        guard !names.isEmpty else { return plans }
        // One that is named twice has one turn.
        let names = names.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        return try names.map { name in
            guard let plan = plan(name) else {
                throw Diagnostic(
                    .settingsMissing,
                    "there is no plan '\(name)' in \(path)",
                    cause: "it has " + plans.map(\.name).joined(separator: ", "),
                    hint: "Name one of these; a database is given as a URL or as key=value."
                )
            }
            return plan
        }
    }

    /// The store of the first repository of a plan, or of the only one when no plan is named.
    func repository(
        ofPlan name: String?,
        in context: CommandContext,
        for use: StoreUse = .working
    ) throws -> any ObjectStore {
        let first: String?
        if let name {
            first = try plans(named: [name])[0].repositories.first
        } else {
            let firsts = Set(plans.map { $0.repositories.first })
            guard repositories.count == 1 || firsts.count == 1 else {
                throw Diagnostic(
                    .usage,
                    "\(path) has several repositories",
                    cause: repositories.map(\.name).joined(separator: ", "),
                    hint: "Name a plan with --plan, or a repository with --from."
                )
            }
            first = firsts.first.flatMap(\.self) ?? repositories.first?.name
        }
        guard let first, let found = repository(first) else {
            throw Diagnostic(.settingsInvalid, "\(path) has no repository", hint: "Add one under 'repositories'.")
        }
        return try RepositoryPlace(found, in: context).store(in: context, for: use)
    }
}
