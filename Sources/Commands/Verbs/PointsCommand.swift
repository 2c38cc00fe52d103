import CommandLineKit
import Diagnostics
import Model
import Repository
import Terminal

/// `lifeboat points`: what there is to go back to.
struct PointsCommand: LifeboatCommand {
    var repository = RepositoryOptions()
    var keys = KeyOptions()
    var output = OutputOptions()

    static let name = "points"
    static let summary = "List the recovery points"
    static let examples = [
        CommandExample("The points in a folder", "lifeboat points --from ./backups"),
        CommandExample(
            "The newest point's name, for a script",
            "lifeboat points --format json | jq -r '.points[-1].name'"
        ),
    ]
    static let exitStatuses = CommandExitStatus.reading
    static let arguments: [Argument<Self>] =
        RepositoryOptions.arguments.map { $0.lifted(\.repository) }
        + KeyOptions.arguments.map { $0.lifted(\.keys) }
        + OutputOptions.arguments.map { $0.lifted(\.output) }

    func run(in context: CommandContext) async throws {
        let rows = try await onEngineThread(context.stop) {
            let opened = try repository.open(keys, in: context, for: .reading)
            return try PointRow.all(in: opened, plan: try repository.planName())
        }
        let console = context.console(output)
        switch output.format {
        case .json: try console.answer("points", PointRows(points: rows))
        case .text: Self.print(rows, on: console)
        }
    }

    private static func print(_ rows: [PointRow], on console: Console) {
        guard !rows.isEmpty else { return console.talk("no recovery points yet") }
        var table = Table([
            .init("POINT"), .init("RECOVERY INSTANT"), .init("DATABASE", .right), .init("READ", .right),
            .init("STORED", .right), .init("STATE"),
        ])
        for row in rows {
            table.add([
                StyledText(row.name.description),
                StyledText(row.recoveryInstant?.description ?? "?"),
                StyledText(row.bytesRepresented.map(byteText) ?? "?"),
                StyledText(row.bytesRead.map(byteText) ?? "?"),
                StyledText(row.bytesStored.map(byteText) ?? "?"),
                row.styledState,
            ])
        }
        console.answer(lines: table.lines(width: console.outputWidth))
    }
}

/// The JSON answer of `points`.
struct PointRows: Encodable {
    var points: [PointRow]
}

/// One point as a list shows it.
struct PointRow: Encodable, Sendable {
    var name: PointName
    var recoveryInstant: Instant?
    var committed: Instant
    var bytesRepresented: Int64?
    var bytesRead: Int64?
    var bytesStored: Int64?
    var tables: Int?
    var rows: Int64?
    var proven: Instant?
    var held: String?
    /// Why the point is not usable; nil when its signature and manifest are sound and no check found it bad.
    var damaged: String?

    /// Reads every point's manifest; a damaged one is listed as such and stops nothing.
    static func all(in repository: Repository, plan: PlanName?) throws -> [PointRow] {
        let evidence = try repository.evidence(plan: plan)
        return try repository.listPoints(plan: plan).map { listing in
            var row = PointRow(name: listing.name, committed: listing.modified)
            row.proven = evidence.proven[listing.name]
            row.held = evidence.holds[listing.name]
            row.damaged = evidence.bad[listing.name]
            do {
                let manifest = try repository.readPoint(listing.name).manifest
                row.recoveryInstant = manifest.recoveryInstant
                row.bytesRepresented = manifest.totals.bytesRepresented
                row.bytesRead = manifest.totals.bytesRead
                row.bytesStored = manifest.totals.bytesStored
                row.rows = manifest.totals.rows
                row.tables = manifest.tables.count
            } catch let error as Diagnostic {
                row.damaged = error.cause ?? error.summary
            }
            return row
        }
    }

    /// The state in a word or two.
    var styledState: StyledText {
        if let damaged { return StyledText("damaged: \(damaged)", .red) }
        let marks = [proven.map { _ in "proven" }, held.map { "held: \($0)" }].compactMap(\.self)
        return marks.isEmpty ? "not proven" : StyledText(marks.joined(separator: ", "), proven == nil ? nil : .green)
    }
}
