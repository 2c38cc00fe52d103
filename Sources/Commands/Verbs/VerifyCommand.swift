import AgeEncryption
import CommandLineKit
import Diagnostics
import Model
import Repository
import Settings
import Streams
import Terminal

/// `lifeboat verify`: reads stored bytes back and compares them with what was recorded.
struct VerifyCommand: LifeboatCommand {
    var points: [String] = []
    var isDeep = false
    var repository = RepositoryOptions()
    var keys = KeyOptions()
    var progress = ProgressOptions()
    var output = OutputOptions()

    static let name = "verify"
    static let summary = "Read stored points back and compare every byte"
    static let discussion = """
        Checks signatures and manifests, reads every archive that the points need and compares its SHA-256. With --deep \
        everything is decrypted too, and the hash of every range compared, which needs an identity.

        Points found bad no longer count: the next backup does not build on them, retention does not count them, reports \
        do not show them as a way back. This proves that the bytes are the ones that were written; only 'lifeboat drill' \
        proves that they become a database.
        """
    static let examples = [
        CommandExample("All points of a repository", "lifeboat verify --from ./backups"),
        CommandExample("The newest one, thoroughly", "lifeboat verify latest --deep"),
    ]
    static let exitStatuses = CommandExitStatus.reading
    static let arguments: [Argument<Self>] =
        [
            .positionals("POINT", to: \.points, help: "Points, or latest, oldest, proven; all when none is named"),
            .flag("--deep", to: \.isDeep, help: "Decrypt everything as well"),
        ]
        + RepositoryOptions.arguments.map { $0.lifted(\.repository) }
        + KeyOptions.arguments.map { $0.lifted(\.keys) }
        + ProgressOptions.arguments.map { $0.lifted(\.progress) }
        + OutputOptions.arguments.map { $0.lifted(\.output) }

    private struct Answer: Encodable, Sendable {
        var repository: String
        var isDeep: Bool
        var points: [PointName]
        var bytesRead: Int64
        var bad: [BadPoint]
    }

    func run(in context: CommandContext) async throws {
        let console = context.console(output)
        let counters = VerifyCounters()
        let line = ProgressLine(
            sampling: { counters.sample },
            on: console,
            mode: progress.progress.mode(on: console)
        )
        defer { line.finish() }
        let answer = try await onEngineThread(context.stop) { try verify(counters, in: context) }
        line.finish()
        switch output.format {
        case .json: try console.answer("verification", answer)
        case .text: Self.print(answer, on: console)
        }
        if !answer.bad.isEmpty { throw CommandOutcome(status: .repository) }
    }

    /// Verifies plan by plan, because each plan has a chain of records of its own.
    private func verify(_ counters: VerifyCounters, in context: CommandContext) throws -> Answer {
        let opened = try repository.open(keys, in: context)
        let identities = isDeep ? try keys.identities(opened.keyring, in: context) : []
        let session = try opened.beginSession(kind: .verify, plan: try repository.planName(), base: nil)
        defer { try? session.end() }
        let byPlan = Dictionary(grouping: try chosen(in: opened), by: \.plan)
        var answer = Answer(repository: opened.displayName, isDeep: isDeep, points: [], bytesRead: 0, bad: [])
        for (plan, names) in byPlan.sorted(by: { $0.key.text < $1.key.text }) {
            let started = context.now()
            var lastBeat = ContinuousClock.now
            counters.begin(plan)
            let run = try opened.verify(names, identities: identities, deep: isDeep, stop: context.stop) { read in
                counters.update(read)
                guard .now - lastBeat > .seconds(600) else { return }
                lastBeat = .now
                try? session.heartbeat()
            }
            try opened.append(
                RunRecord(
                    tool: Tool.full,
                    plan: plan,
                    host: context.host,
                    started: started,
                    finished: context.now(),
                    event: .verify(run)
                )
            )
            answer.points += run.points
            answer.bytesRead += run.bytesRead
            answer.bad += run.bad
        }
        return answer
    }

    private func chosen(in opened: Repository) throws -> [PointName] {
        let plan = try repository.planName()
        guard points.isEmpty else {
            return Set(try points.map { try opened.resolve($0, plan: plan) }).sorted()
        }
        let all = try opened.listPoints(plan: plan).map(\.name)
        guard !all.isEmpty else {
            throw Diagnostic(
                .pointUnknown,
                "there is no point in \(opened.displayName)",
                hint: "Take one with 'lifeboat backup'."
            )
        }
        return all
    }

    private static func print(_ answer: Answer, on console: Console) {
        let bad = Dictionary(answer.bad.map { ($0.point, $0.reason) }) { first, _ in first }
        for point in answer.points {
            if let reason = bad[point] {
                console.answer(StyledText("bad  ", .boldRed) + StyledText("\(point): \(reason)"))
            } else {
                console.answer(StyledText("ok   ", .green) + StyledText("\(point)"))
            }
        }
        let read = "\(byteText(answer.bytesRead)) read"
        guard answer.bad.isEmpty else {
            console.answer(
                StyledText("\(answer.bad.count) of \(answer.points.count) points are bad; \(read)", .boldRed)
            )
            console.talk("Take a new backup now, and put the damaged objects back from another copy if there is one.")
            return
        }
        let count = answer.points.count == 1 ? "1 point is" : "\(answer.points.count) points are"
        console.answer(StyledText("\(count) as recorded; \(read)"))
    }
}
