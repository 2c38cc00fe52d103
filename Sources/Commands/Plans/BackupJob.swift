import Diagnostics
import Export
import Model
import PostgresClient
import Repository
import Settings
import Streams

/// One plan to back up: from the command line, or from the settings.
struct BackupJob: Sendable {
    /// A repository, and what people call it; or why it cannot be reached with these settings.
    struct Place: Sendable {
        let name: String
        let store: Result<any ObjectStore, Diagnostic>
        /// Where it is, or its name where even that is not known.
        var displayName: String { (try? store.get().displayName) ?? name }
    }

    let plan: PlanName
    /// The database, or what is wrong with how it is named: that is this plan's failure and no other's.
    let source: Result<ConnectionSettings, Diagnostic>
    let places: [Place]
    let settings: PlanSettings?
    /// Ends this plan's turn; its stores look at it too.
    let stop: Stop
    var pingURL: String? { settings?.pingURL }

    /// What progress calls it.
    var displayName: String { (try? source.get().displayName) ?? plan.text }

    /// What `backup` is to do: the database that was named, or plans of the settings.
    static func all(_ command: BackupCommand, in context: CommandContext) throws -> [BackupJob] {
        let sources = command.plans.filter(SourceText.isSource)
        if !sources.isEmpty || command.sourceVariable != nil {
            guard sources.count == command.plans.count, sources.count + (command.sourceVariable == nil ? 0 : 1) == 1
            else {
                throw Diagnostic(
                    .usage,
                    "one database at a time can be named",
                    hint: "Name several as plans in lifeboat.json."
                )
            }
            return [try adHoc(sources.first, command, context.ownTurn)]
        }
        if let to = command.to, command.plans.isEmpty {
            throw Diagnostic(
                .usage,
                "no database is named to back up into '\(redacted(to))'",
                hint: "Add its URL, or --source-env with the variable that holds it."
            )
        }
        guard command.planName == nil else {
            throw Diagnostic(
                .usage,
                "--plan names the plan of a database that is typed",
                hint: "Name plans of lifeboat.json without it: 'lifeboat backup PLAN'."
            )
        }
        guard command.exclude.isEmpty, command.excludeRows.isEmpty else {
            throw Diagnostic(
                .usage,
                "what a plan leaves out is said in its settings",
                cause: "a point that lacks more than that would count as a recovery point of the plan",
                hint: "Use 'exclude' and 'excludeObjects' there, or name the database and another plan:"
                    + " --plan NAME --to REPO."
            )
        }
        let settings = try SettingsChoice(config: command.config).load(in: context)
        return try settings.plans(named: command.plans).map { try BackupJob($0, settings, command, context.ownTurn) }
    }

    private static func adHoc(
        _ typed: String?,
        _ command: BackupCommand,
        _ context: CommandContext
    ) throws -> BackupJob {
        let source =
            if let typed {
                try SourceText(typed: typed).settings
            } else {
                try SourceText(variable: command.sourceVariable ?? "", in: context).settings
            }
        guard let to = command.to else {
            throw Diagnostic(.usage, "no repository is named", hint: "Say where the backups go with --to REPO.")
        }
        guard let plan = PlanName(command.planName ?? source.database) else {
            throw Diagnostic(
                .usage,
                "the plan has no name",
                hint: "Name the database in the URL, or the plan with --plan."
            )
        }
        let place = try RepositoryPlace(typed: to, in: context).limited(to: command.limitRate)
        return BackupJob(
            plan: plan,
            source: .success(source),
            places: [Place(name: place.name, store: .success(try place.store(in: context)))],
            settings: nil,
            stop: context.stop
        )
    }

    private init(
        plan: PlanName,
        source: Result<ConnectionSettings, Diagnostic>,
        places: [Place],
        settings: PlanSettings?,
        stop: Stop
    ) {
        self.plan = plan
        self.source = source
        self.places = places
        self.settings = settings
        self.stop = stop
    }

    private init(
        _ plan: PlanSettings,
        _ settings: Settings,
        _ command: BackupCommand,
        _ context: CommandContext
    ) throws {
        guard let name = PlanName(plan.name) else {
            throw Diagnostic(.settingsInvalid, "'\(plan.name)' cannot be the name of a plan")
        }
        let places = try plan.repositories.filter { command.to == nil || $0 == command.to }.map { repository in
            guard let found = settings.repository(repository) else {
                throw Diagnostic(.settingsInvalid, "there is no repository '\(repository)' in \(settings.path)")
            }
            return Place(
                name: repository,
                store: Result {
                    try RepositoryPlace(found, in: context).limited(to: command.limitRate).store(in: context)
                }.mapError(diagnostic)
            )
        }
        guard !places.isEmpty else {
            throw Diagnostic(
                .usage,
                "plan '\(plan.name)' has no repository '\(command.to ?? "")'",
                hint: "Use one of its own: \(plan.repositories.joined(separator: ", "))."
            )
        }
        let source = Result { try plan.source.settings(in: context) }.mapError(diagnostic)
        self.init(plan: name, source: source, places: places, settings: plan, stop: context.stop)
    }
}

extension PlanSettings.Source {
    /// How to reach the database.
    func settings(in context: CommandContext) throws -> ConnectionSettings {
        switch self {
        case .connection(let text): try ConnectionSettings(text: text, allowPassword: false)
        case .environment(let variable): try SourceText(variable: variable, in: context).settings
        }
    }
}
