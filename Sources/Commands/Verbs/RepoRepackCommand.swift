import CommandLineKit
import Diagnostics
import Model
import Repository
import Terminal

/// `lifeboat repo repack`: has mostly dead archives read again, so that they can go.
struct RepoRepackCommand: LifeboatCommand {
    var acts = false
    var repository = RepositoryOptions()
    var keys = KeyOptions()
    var output = OutputOptions()

    static let name = "repo repack"
    static let summary = "Have archives read again of which less than half is in use"
    static let discussion = """
        An archive stays as long as one point refers to a part of it. This names the archives of which the points use less \
        than half, and with --yes marks them: the next backup reads their live part from the database again and no longer \
        refers to them. They go when retention has removed the older points.

        Nothing is rewritten, so no key that opens the data is needed, and no point changes.
        """
    static let examples = [
        CommandExample("Look first", "lifeboat repo repack --from ./backups"),
        CommandExample("Then act", "lifeboat repo repack --from ./backups --yes"),
    ]
    static let exitStatuses = CommandExitStatus.reading
    static let arguments: [Argument<Self>] =
        [.flag("--yes", to: \.acts, help: "Mark them")]
        + RepositoryOptions.arguments.map { $0.lifted(\.repository) }
        + KeyOptions.arguments.map { $0.lifted(\.keys) }
        + OutputOptions.arguments.map { $0.lifted(\.output) }

    private struct Answer: Encodable {
        struct Archive: Encodable {
            var id: ArchiveID
            var bytes: Int64
            var liveBytes: Int64
        }

        var repository: String
        var archives: [Archive]
        /// How many were marked now, besides those marked before; absent when it was only a look.
        var marked: Int?
    }

    func run(in context: CommandContext) async throws {
        let (answer, remarks) = try await onEngineThread(context.stop) {
            let opened = try repository.open(keys, in: context)
            _ = try repository.existingPlanName(in: opened)
            let plan = try Self.plan(opened)
            let archives = plan.candidates.map {
                Answer.Archive(id: $0.archive, bytes: $0.bytes, liveBytes: $0.liveBytes)
            }
            let marked = acts ? try opened.repack(plan).count : nil
            return (Answer(repository: opened.place, archives: archives, marked: marked), opened.remarks)
        }
        let console = context.console(output)
        for remark in remarks { console.warn(remark, as: output.format) }
        switch output.format {
        case .json: try console.answer("repack", answer)
        case .text: Self.print(answer, on: console)
        }
        if !acts, !answer.archives.isEmpty { console.talk("Nothing was marked. Run it again with --yes to do this.") }
    }

    /// The same look as a prune's; what stops it is overcome there.
    private static func plan(_ opened: Repository) throws -> RepackPlan {
        do {
            return try opened.planPrune([]).repack
        } catch var error as Diagnostic where error.hint?.contains("--") == true {
            error.hint = "Run 'lifeboat prune', which says how to go on, and repack then."
            throw error
        }
    }

    private static func print(_ answer: Answer, on console: Console) {
        guard !answer.archives.isEmpty else {
            return console.answer(StyledText("no archive of \(answer.repository) is less than half in use"))
        }
        var table = Table([.init("ARCHIVE"), .init("BYTES", .right), .init("IN USE", .right)])
        for archive in answer.archives {
            table.add([
                StyledText(archive.id.text), StyledText(byteText(archive.bytes)),
                StyledText(byteText(archive.liveBytes)),
            ])
        }
        console.answer(lines: table.lines(width: console.outputWidth))
        guard let marked = answer.marked else { return }
        let live = byteText(answer.archives.reduce(0) { $0 + $1.liveBytes })
        console.answer(StyledText("marked \(marked) more; the next backup reads about \(live) again"))
    }
}
