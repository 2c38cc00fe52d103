import AgeEncryption
import Catalog
import CommandLineKit
import Diagnostics
import Model
import PostgresClient
import Reports
import Repository
import Restore
import Streams
import Terminal

/// `lifeboat restore`: a point becomes a database.
struct RestoreCommand: LifeboatCommand {
    var point = "latest"
    var to: String?
    var targetVariable: String?
    var schemas: [String] = []
    var tables: [String] = []
    var tablespaces: [TablespaceMove] = []
    var planOnly = false
    var intoExisting: String?
    var workers = 4
    var limitRate: ByteRate?
    var noOwner = false
    var noPrivileges = false
    var noRoles = false
    var repository = RepositoryOptions()
    var keys = KeyOptions()
    var progress = ProgressOptions()
    var output = OutputOptions()

    static let name = "restore"
    static let summary = "Restore a point into a database"
    static let discussion = """
        The target is an empty database: create it first. Nothing is written into one that holds anything unless its \
        name is repeated with --into-existing. Nothing is ever piped through psql.

        Roles that are missing are created without passwords; roles that are there stay as they are. The role that \
        restores need not be a superuser: owners, grants and comments that it may not set are listed at the end. So is what \
        the target refuses when every row is there: a condition that rows do not meet holds for new ones, and without \
        another definition the restore ends with an error.

        A partitioned table brings its partitions. With --schema or --table, schemas and types that the target has \
        already are taken as they are; large objects come with a whole restore only. Nothing that the target holds is \
        ever removed: rows in the tables of its extensions stay, and the point's are then left out.
        """
    static let examples = [
        CommandExample("The newest point", "lifeboat restore latest --from ./backups --to 'host=db1 dbname=shop'"),
        CommandExample("One table", "lifeboat restore latest --from ./backups --to dbname=x --table shop.order"),
        CommandExample("What would be done", "lifeboat restore latest --from ./backups --to dbname=x --plan-only"),
    ]
    static let exitStatuses = CommandExitStatus.working
    static let arguments: [Argument<Self>] =
        [
            .positional("POINT", to: \.point, required: false, help: "latest, oldest, proven, or a point's name"),
            .option("--to", value: "DATABASE", to: \.to, help: "The target as a URL or key=value, without a password"),
            .option("--target-env", value: "VAR", to: \.targetVariable, help: "Read the target from this variable"),
            .options("--schema", value: "NAME", to: \.schemas, help: "Only this schema"),
            .options("--table", value: "NAME", to: \.tables, help: "Only this schema.table"),
            .options(
                "--tablespace",
                value: "FROM=TO",
                to: \.tablespaces,
                help: "Put what lay in tablespace FROM into TO"
            ),
            .flag("--plan-only", to: \.planOnly, help: "Print what would be done and stop"),
            .option("--into-existing", value: "NAME", to: \.intoExisting, help: "Allow a target that is not empty"),
            .option("--jobs", "-j", value: "COUNT", to: \.workers, in: 1...64, help: "Connections that work at once"),
            .option(
                "--limit-rate",
                value: "RATE",
                to: \.limitRate,
                help: "Move data no faster than this, such as 20MB/s"
            ),
            .flag("--no-owner", to: \.noOwner, help: "Leave everything to the role that restores"),
            .flag("--no-privileges", to: \.noPrivileges, help: "Leave out grants"),
            .flag("--no-roles", to: \.noRoles, help: "Create no roles"),
        ]
        + RepositoryOptions.argumentsWithDeleted.map { $0.lifted(\.repository) }
        + KeyOptions.arguments.map { $0.lifted(\.keys) }
        + ProgressOptions.arguments.map { $0.lifted(\.progress) }
        + OutputOptions.arguments.map { $0.lifted(\.output) }

    func run(in context: CommandContext) async throws {
        let console = context.console(output)
        let target = try target(in: context)
        let counters = RestoreProgress()
        let source = try await onEngineThread(context.stop) { try open(in: context) }
        for notice in source.place.notices { console.warn(.passedOver(notice), as: output.format) }
        if planOnly { return try printPlan(source, target, on: console) }
        let line = ProgressBridge(counters, progress, on: console)
        defer { line.finish() }
        let restorer = Restorer(
            repository: source.place.repository,
            copies: source.place.copies,
            manifest: source.manifest,
            catalog: source.catalog,
            identities: source.identities,
            target: target,
            options: try options(),
            progress: counters,
            phases: PhaseRecorder()
        )
        let outcome = try await onEngineThread(context.stop) {
            let sessions = try source.place.beginSessions()
            defer { for session in sessions { try? session.end() } }
            return try restorer.run(stop: context.stop)
        }
        line.finish()
        for remark in source.place.remarks { console.warn(remark, as: output.format) }
        for notice in outcome.notices { console.warn(.passedOver(notice), as: output.format) }
        switch output.format {
        case .json: try console.answer("restore", Answer(point: source.manifest.point, outcome: outcome))
        case .text: Self.print(outcome, source.manifest, target, on: console)
        }
        try Self.requireComplete(outcome, source.manifest.point)
    }

    /// What the target refused did not keep the rest from coming back, and is a failure all the same.
    private static func requireComplete(_ outcome: RestoreOutcome, _ point: PointName) throws {
        let (rows, definitions) = (
            outcome.refused.rows.sorted(), outcome.refused.definitions.union(outcome.refused.incomplete).sorted()
        )
        guard let first = rows.first ?? definitions.first else { return }
        let omission = outcome.notApplied.first { [first.description, "rows of \(first)"].contains($0.object) }
        let missing = "the rows of \(counted(rows.count, "table")) did not come back"
        let refused = "the target refused \(counted(definitions.count, "definition"))"
        let again =
            "'lifeboat restore \(point) --table NAME --into-existing DATABASE' brings a table again when it is dropped and"
            + " the cause is mended; "
        throw Diagnostic(
            .restoreStatement,
            rows.isEmpty
                ? "every row came back, but \(refused)" : missing + (definitions.isEmpty ? "" : ", and \(refused)"),
            cause: "\(omission?.object ?? first.description): \(omission?.reason ?? "")",
            hint: (rows.isEmpty ? "" : again)
                + "'lifeboat diff \(point) --live URL' shows what is missing; mend the cause and make it by hand."
        )
    }

    private struct Source: Sendable {
        var place: PointSource
        var manifest: Manifest
        var catalog: DatabaseCatalog
        var identities: [any Identity]
    }

    private func open(in context: CommandContext) throws -> Source {
        let keyring = try keys.keyring(in: context)
        let place = try PointSource.find(
            point,
            plan: try repository.planName(),
            in: try repository.ofPlan(in: point, in: context).places(in: context).map { $0.limited(to: limitRate) },
            keyring: keyring,
            context: context
        )
        let identities = try keys.identities(keyring, in: context)
        let catalog = try place.sealed.openCatalog(identities: identities)
        return Source(
            place: place,
            manifest: place.point.manifest,
            catalog: try CatalogSection.decode(catalog),
            identities: identities
        )
    }

    private func target(in context: CommandContext) throws -> ConnectionSettings {
        guard to == nil || targetVariable == nil else {
            throw Diagnostic(
                .usage,
                "--to and --target-env cannot be combined",
                hint: "Name the target with one of them."
            )
        }
        if let targetVariable { return try SourceText(variable: targetVariable, in: context).settings }
        if let to { return try SourceText(typed: to, orFrom: "--target-env").settings }
        throw Diagnostic(
            .usage,
            "no target is given",
            hint: "Name an empty database with --to, or a variable that holds its URL with --target-env."
        )
    }

    private func options() throws -> RestoreOptions {
        var options = RestoreOptions()
        guard schemas.isEmpty || tables.isEmpty else {
            throw Diagnostic(.usage, "--schema and --table cannot be combined", hint: "Use one of them.")
        }
        if !schemas.isEmpty { options.selection = .schemas(Set(schemas.map(Spelling.init))) }
        if !tables.isEmpty { options.selection = .tables(Set(tables.map { TableName($0) })) }
        for move in tablespaces {
            guard options.tablespaces.updateValue(move.target, forKey: move.source) == nil else {
                throw Diagnostic(.usage, "tablespace '\(move.source)' is named twice", hint: "Name each once.")
            }
        }
        options.workers = workers
        options.confirmedName = intoExisting
        options.appliesOwners = !noOwner
        options.appliesPrivileges = !noPrivileges
        options.createsRoles = !noRoles
        return options
    }

    private func printPlan(_ source: Source, _ target: ConnectionSettings, on console: Console) throws {
        let summary = try RestorePreview(source.manifest, source.catalog, try options())
        switch output.format {
        case .json: try console.answer("restore-plan", summary)
        case .text:
            console.answer(StyledText("restore \(source.manifest.point) into \(target.displayName):"))
            for step in summary.sentences { console.answer("  \(step)") }
        }
    }

    private struct Answer: Encodable {
        var point: PointName
        var tables: Int
        var rows: Int64
        var textBytes: Int64
        var statements: Int
        var notApplied: [Omission]
        /// What was taken from another copy, and why.
        var notices: [String]
        var phases: [Phase]

        init(point: PointName, outcome: RestoreOutcome) {
            self.point = point
            tables = outcome.tables
            rows = outcome.rows
            textBytes = outcome.textBytes
            statements = outcome.statements
            notApplied = outcome.notApplied + outcome.deviations
            notices = outcome.notices
            phases = outcome.phases
        }
    }

    private static func print(
        _ outcome: RestoreOutcome,
        _ manifest: Manifest,
        _ target: ConnectionSettings,
        on console: Console
    ) {
        console.answer("restored \(manifest.point) into \(target.displayName)")
        console.answer(
            StyledText(
                "\(counted(outcome.tables, "table")), \(counted(outcome.rows, "row")), \(byteText(outcome.textBytes)) of text,"
                    + " \(counted(outcome.statements, "statement"))"
            )
        )
        for omission in (outcome.notApplied + outcome.deviations).withRolesCounted {
            console.answer("not applied: \(omission.object): \(omission.reason)")
        }
        for phase in outcome.phases {
            console.answer(StyledText("  \(phase.name.padded(to: 24))\(secondsText(phase.seconds))", .dim))
        }
    }
}

extension [Omission] {
    /// How many roles are named before the rest is only counted.
    private static var named: Int { 3 }

    /// The same with one line for all roles of one reason: a cluster may have hundreds.
    fileprivate var withRolesCounted: [Omission] {
        var lines: [Omission] = []
        let roles = Dictionary(grouping: filter { $0.object.hasPrefix("role ") }, by: \.reason)
        for omission in self {
            guard omission.object.hasPrefix("role "), let all = roles[omission.reason], all.count > Self.named else {
                lines.append(omission)
                continue
            }
            guard all[0] == omission else { continue }
            let names = all.prefix(Self.named).map(\.object).joined(separator: ", ")
            lines.append(Omission(object: "\(all.count) roles: \(names), …", reason: omission.reason))
        }
        return lines
    }
}
