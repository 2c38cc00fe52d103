import CommandLineKit
import Diagnostics
import Export
import Model
import Reports
import Repository
import Terminal

/// `lifeboat show`: everything that is known of one point.
struct ShowCommand: LifeboatCommand {
    var point = "latest"
    var repository = RepositoryOptions()
    var keys = KeyOptions()
    var output = OutputOptions()

    static let name = "show"
    static let summary = "Describe one recovery point"
    static let examples = [
        CommandExample("The newest point", "lifeboat show latest --from ./backups"),
        CommandExample("Row counts as JSON", "lifeboat show latest --format json | jq '.manifest.tables'"),
    ]
    static let exitStatuses = CommandExitStatus.reading
    static let arguments: [Argument<Self>] =
        [.positional("POINT", to: \.point, required: false, help: "latest, oldest, proven, or a point's name")]
        + RepositoryOptions.argumentsWithDeleted.map { $0.lifted(\.repository) }
        + KeyOptions.arguments.map { $0.lifted(\.keys) }
        + OutputOptions.arguments.map { $0.lifted(\.output) }

    private struct Answer: Encodable {
        var point: PointRow
        var sha256: String
        var signer: String
        /// Whether the store says that something is on stable storage only when it is.
        var isDurable: Bool
        var manifest: Manifest
    }

    func run(in context: CommandContext) async throws {
        let (answer, warnings) = try await onEngineThread(context.stop) { try describe(in: context) }
        let console = context.console(output)
        for warning in warnings { console.warn(warning, as: output.format) }
        switch output.format {
        case .json: try console.answer("point", answer)
        case .text: Self.print(answer, on: console)
        }
    }

    /// Reads the point from the first repository of the plan that gives it back.
    private func describe(in context: CommandContext) throws -> (Answer, warnings: [Diagnostic]) {
        let places = try PlanRepositories(repository.ofPlan(in: point, in: context), keys, in: context, for: .reading)
        let name = try places.resolve(point, plan: try repository.planName())
        let row = try PointRow.one(name, in: places)
        var failure: (any Error)?
        for place in places.opened {
            do {
                let stored = try place.repository.readPoint(name)
                let answer = Answer(
                    point: row ?? PointRow(name: name, committed: stored.modified),
                    sha256: stored.sha256,
                    signer: stored.signer,
                    isDurable: place.repository.descriptor.capabilities.isDurable,
                    manifest: stored.manifest
                )
                return (answer, places.warnings)
            } catch {
                failure = failure ?? error
            }
        }
        throw failure ?? Diagnostic(.pointUnknown, "there is no point '\(name)'")
    }

    /// Why ranges were read, the most frequent reason first.
    private static func reasons(_ totals: BackupTotals) -> [(String, StyledText)] {
        (totals.readReasons ?? [:]).sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { name, count in
            let why = ReadReason(rawValue: name)?.explanation ?? name
            return ("read because", StyledText("\(why): \(count) range\(count == 1 ? "" : "s")"))
        }
    }

    private static func print(_ answer: Answer, on console: Console) {
        let manifest = answer.manifest
        let totals = manifest.totals
        var facts: [(String, StyledText)] = [
            ("point", StyledText(answer.point.name.description, .bold)),
            ("state", answer.point.styledState),
            ("recovery instant", StyledText(manifest.recoveryInstant.description)),
            ("committed", StyledText(answer.point.committed.description)),
            (
                "durable",
                answer.isDurable ? "yes" : StyledText("the store cannot sync: a power loss may take it", .yellow)
            ),
            ("database", StyledText("\(manifest.source.database), \(manifest.source.encoding)")),
            ("server", StyledText(manifest.source.versionText)),
            (
                "contents",
                StyledText(
                    "\(counted(manifest.tables.count, "table")), \(counted(totals.rows, "row")),"
                        + " \(byteText(totals.bytesRepresented)) of text"
                )
            ),
            ("definitions", StyledText(counted(manifest.catalog.objects, "object"))),
            (
                "read",
                StyledText(
                    "\(byteText(totals.bytesRead)) in \(counted(totals.rangesRead, "range"));"
                        + " \(totals.rangesReused) reused"
                )
            ),
        ]
        if answer.point.copies != nil { facts.append(("copies", answer.point.styledCopies)) }
        facts += Self.reasons(totals)
        facts += [
            ("stored", StyledText(byteText(answer.point.bytesStored ?? totals.bytesStored) + " by this run")),
            ("archives", StyledText("\(manifest.archives.count)")),
            ("previous", StyledText(manifest.previous?.point.description ?? "none")),
            ("signed by", StyledText(answer.signer)),
        ]
        facts += manifest.omissions.map { ("left out", StyledText("\($0.object): \($0.reason)")) }
        facts += manifest.notices.map { ("remarked", StyledText($0.onOneLine)) }
        facts += manifest.phases.map { phase in
            ("took", StyledText("\(phase.name) \(secondsText(phase.seconds))"))
        }
        console.answer(lines: facts.map { StyledText($0.0.padded(to: 18), .dim) + $0.1 })
        console.answer("")
        var table = Table([.init("TABLE"), .init("ROWS", .right), .init("TEXT", .right), .init("RANGES", .right)])
        for data in manifest.tables.sorted(by: { $0.textBytes > $1.textBytes }) {
            table.add([
                StyledText(data.fullName.description), StyledText("\(data.proof.rows)"),
                StyledText(byteText(data.textBytes)), StyledText("\(data.ranges.count)"),
            ])
        }
        console.answer(lines: table.lines(width: console.outputWidth))
    }
}
