import Model
import Policy
import Repository
import Terminal

/// The JSON answer of `verify`: that of each repository, and the sum of them as it was when there was only one.
struct VerifyAnswers: Encodable {
    private let sum: VerifyAnswer
    private let repositories: [VerifyAnswer]

    private enum CodingKeys: String, CodingKey {
        case repositories
    }

    /// Sums up; there is at least one.
    init(_ answers: [VerifyAnswer]) {
        repositories = answers
        sum = answers.dropFirst().reduce(answers[0]) { $0.adding($1) }
    }

    func encode(to encoder: any Encoder) throws {
        try sum.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(repositories, forKey: .repositories)
    }
}

/// What a verification found in one repository.
struct VerifyAnswer: Encodable, Sendable {
    /// An archive that is damaged, or was until it was repaired.
    struct Damage: Encodable, Sendable {
        var archive: ArchiveID
        var reason: String
        var points: [PointName]
        var ranges: [ArchiveDamage.Range]
        var rangeCount: Int
        /// The repository that it was mended from.
        var repairedFrom: String?
    }

    /// A point whose own object was damaged.
    struct MendedPoint: Encodable, Sendable {
        var point: PointName
        var repairedFrom: String
    }

    /// A record that is damaged, planted or missing, and that no operator has accepted.
    struct BrokenRecord: Encodable, Sendable {
        var record: String
        var reason: String
    }

    /// A point that is gone or is another one, although no prune recorded that.
    struct MissingPoint: Encodable, Sendable {
        var point: PointName
        var reason: String
    }

    /// Something that was found before, and that this verification did not look deep enough to take back.
    struct Doubt: Encodable, Sendable {
        var point: PointName
        var reason: String
        /// What to do about it.
        var remedy: String
    }

    /// What a sampled run chose.
    struct Sample: Encodable, Sendable {
        var withinSeconds: Double
        /// Archives that were read now.
        var archives: Int
        /// Archives that had not been read within the promised time.
        var overdue: Int
        /// By when the next run must come.
        var nextBefore: Instant?

        fileprivate func adding(_ other: Sample?) -> Sample {
            guard let other else { return self }
            return Sample(
                withinSeconds: withinSeconds,
                archives: archives + other.archives,
                overdue: overdue + other.overdue,
                nextBefore: [nextBefore, other.nextBefore].compactMap(\.self).min()
            )
        }
    }

    var repository: String
    var isDeep: Bool
    var points: [PointName] = []
    var bytesRead: Int64 = 0
    var bad: [BadPoint] = []
    /// Points of signers whom this machine does not know.
    var unjudged: [BadPoint] = []
    var damaged: [Damage] = []
    var mendedPoints: [MendedPoint] = []
    var doubts: [Doubt] = []
    var missing: [MissingPoint] = []
    var brokenRecords: [BrokenRecord] = []
    var sample: Sample?

    /// Both together; a point that is bad in several is bad once.
    fileprivate func adding(_ other: VerifyAnswer) -> VerifyAnswer {
        var sum = self
        sum.points = Set(points + other.points).sorted()
        sum.bytesRead += other.bytesRead
        sum.bad += other.bad.filter { entry in !bad.contains { $0.point == entry.point } }
        sum.unjudged += other.unjudged
        sum.damaged += other.damaged
        sum.mendedPoints += other.mendedPoints
        sum.doubts += other.doubts
        sum.missing += other.missing
        sum.brokenRecords += other.brokenRecords
        sum.sample = sample.map { $0.adding(other.sample) } ?? other.sample
        return sum
    }

    /// Whether nothing is wrong, as far as it was looked at.
    var isSound: Bool { bad.isEmpty && missing.isEmpty && brokenRecords.isEmpty }

    /// Adds what was chosen in one more plan.
    mutating func add(_ chosen: ReadingSample?, _ within: DurationArgument?) {
        guard let chosen, let within else { return }
        var sum = sample ?? Sample(withinSeconds: within.duration / .seconds(1), archives: 0, overdue: 0)
        sum.archives += chosen.chosen.count
        sum.overdue += chosen.overdue
        sum.nextBefore = [sum.nextBefore, chosen.nextBefore].compactMap(\.self).min()
        sample = sum
    }
}

/// The answer of `verify` for people.
struct VerifyText {
    private let answer: VerifyAnswer
    private let isOneOfSeveral: Bool

    /// Speaks of one of `count` repositories.
    init(_ answer: VerifyAnswer, of count: Int) {
        self.answer = answer
        isOneOfSeveral = count > 1
    }

    func print(on console: Console) {
        if isOneOfSeveral { console.answer(StyledText(answer.repository, .bold)) }
        let bad = Dictionary(answer.bad.map { ($0.point, $0.reason) }) { first, _ in first }
        for point in answer.points {
            if let reason = bad[point] {
                console.answer(StyledText("bad  ", .boldRed) + StyledText("\(point): \(reason)"))
            } else if answer.sample == nil {
                console.answer(StyledText("ok   ", .green) + StyledText("\(point)"))
            }
        }
        for entry in answer.unjudged {
            console.answer(StyledText("unknown ", .yellow) + StyledText("\(entry.point): \(entry.reason)"))
        }
        for damage in answer.damaged { console.answer(Self.line(damage)) }
        for point in answer.mendedPoints {
            console.answer(
                StyledText("mended ", .green) + StyledText("point \(point.point) from \(point.repairedFrom)")
            )
        }
        for doubt in answer.doubts {
            console.answer(StyledText("doubt ", .yellow) + StyledText("\(doubt.point): \(doubt.reason)"))
            console.talk(StyledText(doubt.remedy))
        }
        for entry in answer.missing {
            console.answer(StyledText("missing ", .boldRed) + StyledText("\(entry.point): \(entry.reason)"))
        }
        for entry in answer.brokenRecords {
            console.answer(StyledText("bad  ", .boldRed) + StyledText("record '\(entry.record)': \(entry.reason)"))
        }
        printSample(on: console)
        let read = "\(byteText(answer.bytesRead)) read"
        guard answer.bad.isEmpty else {
            console.answer(
                StyledText(
                    "\(answer.bad.count) of \(answer.points.count) points are bad in \(answer.repository); \(read)",
                    .boldRed
                )
            )
            console.talk("Take a new backup now, and mend the damage with --repair if there is another copy.")
            return talkOfChains(on: console)
        }
        let count = answer.points.count == 1 ? "1 point is" : "\(answer.points.count) points are"
        let said = answer.sample == nil ? "as recorded" : "as recorded, as far as was read"
        console.answer(StyledText("\(count) \(said) in \(answer.repository); \(read)"))
        talkOfChains(on: console)
    }

    /// What to do about what is gone, or cannot be judged here.
    private func talkOfChains(on console: Console) {
        if !answer.unjudged.isEmpty {
            console.talk(
                "This machine does not know who signed what is called unknown: compare the key with the escrow sheet, and"
                    + " if it is there, run 'lifeboat key trust'."
            )
        }
        if !answer.missing.isEmpty {
            console.talk(
                "Somebody removed points, or the store does not list them: bring them back with 'lifeboat repo sync'."
            )
        }
        guard !answer.brokenRecords.isEmpty else { return }
        console.talk(
            "What these records said does not count. Hold again what must stay, and accept the rest with"
                + " 'lifeboat prune --accept-broken-chain --yes'."
        )
    }

    private func printSample(on console: Console) {
        guard let sample = answer.sample else { return }
        let promise = Duration.seconds(sample.withinSeconds).inWords
        if sample.overdue > 0 {
            let count = sample.overdue == 1 ? "1 archive was" : "\(sample.overdue) archives were"
            console.answer(StyledText("\(count) not read within \(promise) before this run", .yellow))
        }
        let count = sample.archives == 1 ? "1 archive was" : "\(sample.archives) archives were"
        let next = sample.nextBefore.map { "; run it again before \($0) to keep to \(promise)" } ?? ""
        console.answer(StyledText("\(count) read\(next)"))
    }

    private static func line(_ damage: VerifyAnswer.Damage) -> StyledText {
        if let source = damage.repairedFrom {
            return StyledText("mended ", .green) + StyledText("archive '\(damage.archive)' from \(source)")
        }
        let points = damage.points.count == 1 ? "\(damage.points[0])" : "\(damage.points.count) points"
        let part =
            damage.ranges.count < damage.rangeCount ? "of its \(damage.rangeCount) ranges it reaches" : "it holds"
        return StyledText("damaged ", .boldRed)
            + StyledText("\(damage.reason); needed by \(points); \(part) \(rangeText(damage.ranges))")
    }

    /// The first few ranges.
    private static func rangeText(_ ranges: [ArchiveDamage.Range]) -> String {
        guard !ranges.isEmpty else { return "no rows" }
        let shown = ranges.prefix(3).map { "\($0.table) from block \($0.firstBlock)" }.joined(separator: ", ")
        return ranges.count > 3 ? "\(shown) and \(ranges.count - 3) more" : shown
    }
}
