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
    var isQuick = false
    var repairs = false
    var copies: [String] = []
    var repository = RepositoryOptions()
    var keys = KeyOptions()
    var progress = ProgressOptions()
    var output = OutputOptions()

    static let name = "verify"
    static let summary = "Read stored points back and compare every byte"
    static let discussion = """
        Checks signatures and manifests, reads every archive that the points need and compares its SHA-256. With --deep \
        everything is decrypted too, and the hash of every range compared, which needs an identity. With --quick only \
        the presence and the sizes are looked at, which finds what is missing in little time and acquits nothing.

        --repair puts the recorded bytes of a damaged archive back from another repository, needs no identity, and \
        replaces only what was read again and proven bad, by bytes that were read and have the recorded hash.

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
            .flag("--quick", to: \.isQuick, help: "Only whether everything is there and has its size"),
            .flag("--repair", to: \.repairs, help: "Put damaged archives back from another repository"),
            .options(
                "--from-repository",
                value: "REPO",
                to: \.copies,
                completion: .directories,
                help: "Repair from it; otherwise from the plan's other repositories"
            ),
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
        /// Archives that are damaged, or were until they were repaired.
        var damaged: [Damage] = []
    }

    private struct Damage: Encodable, Sendable {
        var archive: ArchiveID
        var reason: String
        var points: [PointName]
        var ranges: [ArchiveDamage.Range]
        /// The repository that it was mended from.
        var repairedFrom: String?

        /// The first few of its ranges, for people.
        var rangeText: String {
            let shown = ranges.prefix(3).map { "\($0.table) from block \($0.firstBlock)" }.joined(separator: ", ")
            return ranges.count > 3 ? "\(shown) and \(ranges.count - 3) more" : shown
        }
    }

    func run(in context: CommandContext) async throws {
        guard !(isQuick && isDeep) else {
            throw Diagnostic(.usage, "--quick and --deep exclude each other", hint: "Use one of them.")
        }
        guard repairs || copies.isEmpty else {
            throw Diagnostic(.usage, "--from-repository is for --repair", hint: "Add --repair.")
        }
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
        let keyring = try keys.keyring(in: context)
        let opened = try repository.open(keys, in: context)
        let others = repairs ? try others(keyring, in: context) : []
        let identities = isDeep ? try keys.identities(opened.keyring, in: context) : []
        let session = try opened.beginSession(kind: .verify, plan: try repository.planName(), base: nil)
        defer { try? session.end() }
        let byPlan = Dictionary(grouping: try chosen(in: opened), by: \.plan)
        var answer = Answer(repository: opened.displayName, isDeep: isDeep, points: [], bytesRead: 0, bad: [])
        for (plan, names) in byPlan.sorted(by: { $0.key.text < $1.key.text }) {
            counters.begin(plan)
            func inspect(_ names: [PointName], _ depth: VerifyDepth) throws -> Inspection {
                let started = context.now()
                var lastBeat = ContinuousClock.now
                let found = try opened.inspect(names, identities: identities, depth: depth, stop: context.stop) {
                    read in
                    counters.update(read)
                    guard .now - lastBeat > .seconds(600) else { return }
                    lastBeat = .now
                    try? session.heartbeat()
                }
                answer.bytesRead += found.run.bytesRead
                try record(found.run, depth, of: plan, in: opened, started, context)
                return found
            }
            var found = try inspect(names, depth)
            let damaged = try found.damaged.map { damage in
                try session.heartbeat()
                let source = repairs ? try opened.repair(damage.archive, from: others, stop: context.stop) : nil
                return Damage(
                    archive: damage.archive.id,
                    reason: damage.reason,
                    points: damage.points,
                    ranges: damage.ranges,
                    repairedFrom: source?.displayName
                )
            }
            answer.damaged += damaged
            if damaged.contains(where: { $0.repairedFrom != nil }) {
                // Read whole: what was bad is acquitted by its bytes only.
                let bad = Set(found.run.bad.map(\.point)).sorted()
                found.run.bad = try inspect(bad, isDeep ? .decrypted : .bytes).run.bad
            }
            answer.points += isQuick ? names : found.run.points
            answer.bad += found.run.bad
        }
        return answer
    }

    private var depth: VerifyDepth { isDeep ? .decrypted : isQuick ? .sizes : .bytes }

    private func record(
        _ run: VerifyRun,
        _ depth: VerifyDepth,
        of plan: PlanName,
        in opened: Repository,
        _ started: Instant,
        _ context: CommandContext
    ) throws {
        // Sizes alone say nothing about points that have them.
        guard depth != .sizes || !run.bad.isEmpty else { return }
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
    }

    /// Where good bytes may come from: what was named, else every repository of the plan within reach.
    private func others(_ keyring: Keyring, in context: CommandContext) throws -> [Repository] {
        guard copies.isEmpty else {
            return try copies.map { name in
                let choice = RepositoryChoice(typed: name, config: repository.config)
                return try Repository.open(try choice.store(in: context), keyring: keyring)
            }
        }
        guard let settings = try SettingsChoice(config: repository.config).loadIfPresent(in: context) else {
            throw Diagnostic(
                .usage,
                "there is no other repository to repair from",
                hint: "Name one with --from-repository."
            )
        }
        return try settings.places(ofPlan: repository.plan, in: context).compactMap { place in
            try? Repository.open(try place.store(in: context), keyring: keyring)
        }
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
        for damage in answer.damaged {
            if let source = damage.repairedFrom {
                console.answer(StyledText("mended ", .green) + StyledText("archive '\(damage.archive)' from \(source)"))
            } else {
                console.answer(
                    StyledText("damaged ", .boldRed) + StyledText("\(damage.reason); it holds \(damage.rangeText)")
                )
            }
        }
        let read = "\(byteText(answer.bytesRead)) read"
        guard answer.bad.isEmpty else {
            console.answer(
                StyledText("\(answer.bad.count) of \(answer.points.count) points are bad; \(read)", .boldRed)
            )
            console.talk("Take a new backup now, and mend the damage with --repair if there is another copy.")
            return
        }
        let count = answer.points.count == 1 ? "1 point is" : "\(answer.points.count) points are"
        console.answer(StyledText("\(count) as recorded; \(read)"))
    }
}
