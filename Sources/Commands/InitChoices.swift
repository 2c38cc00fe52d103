import Diagnostics
import Glibc
import Model
import PostgresClient
import Settings
import Terminal

/// What `init` was told, what it asked for, and what it supposes.
struct InitChoices: Sendable {
    let configPath: String
    let source: PlanSettings.Source
    let plan: String
    let repository: RepositoryPlace
    /// As the settings file says it.
    let repositoryLocation: RepositoryLocation
    let timeZone: String

    private static let usualPlace = "./lifeboat-repo"

    /// Asks for what is missing, when the database is; blocks while somebody thinks.
    init(_ command: InitCommand, configPath: String, in context: CommandContext) throws {
        self.configPath = configPath
        guard command.source == nil || command.sourceVariable == nil else {
            throw Diagnostic(.usage, "--source and --source-env exclude each other", hint: "Use one of them.")
        }
        let asks = command.source == nil && command.sourceVariable == nil
        let prompt = asks ? try Prompt(orElse: "Name the database with --source or --source-env.") : nil
        if let variable = command.sourceVariable {
            source = .environment(variable)
        } else if let text = command.source {
            source = .connection(text)
        } else {
            let question = "Database (a URL or key=value without a password, or $VARIABLE)"
            let answer = try prompt?.line(
                question,
                usual: context.environment["DATABASE_URL"] == nil ? "" : "$DATABASE_URL"
            )
            guard let answer, !answer.isEmpty else {
                throw Diagnostic(.usage, "no database is named", hint: "Name it with --source or --source-env.")
            }
            source = answer.hasPrefix("$") ? .environment(String(answer.dropFirst())) : .connection(answer)
        }
        let settings = try Self.settings(source, in: context)
        let usualPlan = command.plan ?? Self.planName(settings.database)
        plan = try command.plan ?? prompt?.line("Name of the plan", usual: usualPlan) ?? usualPlan
        let typed =
            try command.place ?? prompt?.line("Folder or URL for recovery points", usual: Self.usualPlace)
            ?? Self.usualPlace
        repository = try RepositoryPlace(typed: typed, in: context)
        let folder = configPath.split(separator: "/").dropLast().joined(separator: "/")
        // Relative paths in the file count from the file's folder.
        let staysRelative =
            context.workingFolder.tidyPath == "/" + folder && !typed.hasPrefix("~") && !typed.contains("://")
        repositoryLocation = staysRelative ? .folder(typed) : repository.location
        let zone = command.timeZone ?? Self.machineZone(context.environment)
        timeZone = try command.timeZone ?? prompt?.line("Time zone of the schedules", usual: zone) ?? zone
    }

    /// The settings file's text, read back by the reader of settings: what is written is valid.
    func text() throws -> String {
        let template = SettingsTemplate(
            plan: plan,
            source: source,
            repository: repositoryLocation,
            timeZone: timeZone
        )
        _ = try Settings.parse(Array(template.text.utf8), path: configPath, folder: "/")
        return template.text
    }

    /// A typed password is refused here, before it reaches a file.
    private static func settings(_ source: PlanSettings.Source, in context: CommandContext) throws -> ConnectionSettings
    {
        switch source {
        case .connection(let text): try SourceText(typed: text).settings
        case .environment(let variable): try SourceText(variable: variable, in: context).settings
        }
    }

    /// A database's name with what names of plans cannot hold replaced.
    private static func planName(_ database: String) -> String {
        let name = String(
            database.unicodeScalars.map { scalar in
                let isAllowed =
                    scalar.isASCII
                    && (scalar.properties.isAlphabetic || "0123456789-_.".unicodeScalars.contains(scalar))
                return isAllowed ? Character(scalar) : "-"
            }
        )
        let start = name.firstIndex { $0.isLetter || $0.isNumber }
        return start.map { String(name[$0...]) } ?? "database"
    }

    /// The zone that `/etc/localtime` points to; UTC where that says nothing.
    private static func machineZone(_ environment: [String: String]) -> String {
        let marker = "/zoneinfo/"
        var candidates = [environment["TZ"] ?? ""]
        if let path = realpath("/etc/localtime", nil) {
            defer { free(path) }
            let text = String(cString: path)
            if let range = text.firstRange(of: marker) { candidates.append(String(text[range.upperBound...])) }
        }
        return candidates.first { !$0.isEmpty && (try? SystemTimeZones.load($0)) != nil } ?? "UTC"
    }
}
