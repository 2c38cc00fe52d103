import Diagnostics
import Model
import Repository
import Terminal

/// The JSON answer of `prune`.
struct PruneAnswers: Encodable {
    struct Failed: Encodable {
        var repository: String
        var failure: Failure
    }

    var repositories: [PruneAnswer]
    /// Those that were not pruned; nil when there are none.
    var failed: [Failed]?
}

/// The repositories that could not be pruned, while others could.
struct PruneFailures {
    private var all: [(name: String, error: Diagnostic)] = []

    var first: Diagnostic? { all.first?.error }

    mutating func add(_ error: Diagnostic, in name: String) { all.append((name, error)) }

    var answer: [PruneAnswers.Failed]? {
        guard !all.isEmpty else { return nil }
        return all.map { name, error in
            let failure = Failure(code: error.code.rawValue, summary: error.summary, cause: error.cause)
            return PruneAnswers.Failed(repository: name, failure: failure)
        }
    }

    /// What to say after the others were pruned.
    var outcome: Diagnostic? {
        guard let first else { return nil }
        let reasons = all.map { name, error in
            "'\(name)': \(error.cause.map { "\(error.summary): \($0)" } ?? error.summary)"
        }
        return Diagnostic(
            .partial,
            "\(all.map { "'\($0.name)'" }.joined(separator: ", ")) could not be pruned",
            cause: reasons.joined(separator: "; "),
            hint: first.hint ?? "Run 'lifeboat prune' again when it is within reach."
        )
    }
}

/// What a prune of one repository does, or did.
struct PruneAnswer: Encodable, Sendable {
    struct Decision: Encodable, Sendable {
        var point: PointName
        var reasons: [String]
    }

    struct Archives: Encodable, Sendable {
        var count: Int
        var bytes: Int64

        var isEmpty: Bool { count == 0 }

        init(_ archives: [ArchiveListing]) {
            count = archives.count
            bytes = archives.reduce(0) { $0 + $1.bytes }
        }
    }

    var repository: String
    var kept: [Decision]
    var removed: [Decision]
    var removedPointBytes: Int64
    /// Written down now, deleted a day later at the earliest.
    var condemned: Archives
    /// Condemned before, not yet for a day.
    var waiting: Archives
    /// Deleted now.
    var deleted: Archives
    /// Archives of which less than half is in use; the next backup would read that part again.
    var repack: Repack?
    /// Points that are gone or replaced and nobody knows why, which is accepted once and for all.
    var accepted: [ChainBreak]
    /// Why --yes would refuse; nil when it would not.
    var excess: String?
    /// Nil when nothing was asked for but a look.
    var done: PruneRun?

    struct Repack: Encodable, Sendable {
        var count: Int
        var bytes: Int64
        var liveBytes: Int64

        init?(_ plan: RepackPlan) {
            guard !plan.candidates.isEmpty else { return nil }
            count = plan.candidates.count
            bytes = plan.bytes
            liveBytes = plan.liveBytes
        }
    }

    /// `scope` are the points that retention was asked about; the others stay and are not worth a line.
    init(repository: String, plan: PrunePlan, scope: Set<PointName>) {
        self.repository = repository
        let kept = plan.kept.filter { scope.contains($0.point) }
        self.kept = kept.map { Decision(point: $0.point, reasons: $0.reasons) }
        removed = plan.removed.map { Decision(point: $0.point, reasons: $0.reasons) }
        removedPointBytes = plan.removedPointBytes
        condemned = Archives(plan.collection.condemned)
        waiting = Archives(plan.collection.waiting)
        deleted = Archives(plan.collection.deleted)
        repack = Repack(plan.repack)
        accepted = plan.accepted
        excess = plan.excess.map { "\($0.what) would go (\($0.percent) %), and the limit is \($0.limit) %" }
    }
}

/// A prune as people read it.
struct PruneText {
    let lines: [StyledText]

    init(_ answer: PruneAnswer) {
        let keep = answer.kept.map { ("keep", $0) }
        let remove = answer.removed.map { ("remove", $0) }
        let decisions = (keep + remove).sorted { $0.1.point < $1.1.point }
        let width = decisions.map { $0.1.point.description.count }.max() ?? 0
        lines =
            [StyledText(answer.repository, .bold)]
            + decisions.map { verb, decision in
                StyledText(verb.padded(to: 8), verb == "keep" ? .green : .red)
                    + StyledText(decision.point.description.padded(to: width + 2))
                    + StyledText(decision.reasons.joined(separator: "; "), .dim)
            }
            + Self.summary(answer)
    }

    /// What became of the points that no rule keeps; the store may not have let go of all.
    private static func removal(_ answer: PruneAnswer) -> String {
        let count = answer.removed.count
        let bytes = answer.removed.isEmpty ? "" : " (\(byteText(answer.removedPointBytes)))"
        guard let done = answer.done else { return "\(count) to remove" + bytes }
        let removed = done.removedPoints.count
        return removed < count ? "\(removed) of \(count) removed" : "\(count) removed" + bytes
    }

    private static func summary(_ answer: PruneAnswer) -> [StyledText] {
        let isDone = answer.done != nil
        var lines = [StyledText("\(answer.kept.count) kept, \(removal(answer))")]
        func add(_ archives: PruneAnswer.Archives, _ what: String) {
            guard !archives.isEmpty else { return }
            let noun = archives.count == 1 ? "archive" : "archives"
            lines.append(StyledText("\(archives.count) \(noun), \(byteText(archives.bytes)), \(what)"))
        }
        if let done = answer.done, done.removedArchives < answer.deleted.count {
            lines.append(StyledText("\(done.removedArchives) of \(answer.deleted.count) archives deleted"))
        } else {
            add(answer.deleted, isDone ? "deleted" : "deleted at once")
        }
        add(
            answer.condemned,
            isDone ? "condemned: a prune in a day deletes them" : "condemned, and deleted a day later"
        )
        add(answer.waiting, "condemned before, not yet for a day")
        if let repack = answer.repack {
            let noun = repack.count == 1 ? "archive" : "archives"
            lines.append(
                StyledText(
                    "\(repack.count) \(noun), \(byteText(repack.bytes)), less than half in use: 'lifeboat repo repack'"
                        + " has the next backup read \(byteText(repack.liveBytes)) again"
                )
            )
        }
        for broken in answer.accepted {
            let what = "\(isDone ? "accepted" : "to be accepted") for good: point \(broken.point): \(broken.reason)"
            lines.append(StyledText(what, .yellow))
        }
        if let done = answer.done, let denied = done.denied {
            lines.append(StyledText("\(denied) object\(denied == 1 ? "" : "s") may not be deleted", .red))
        }
        if let done = answer.done { lines.append(StyledText("freed \(byteText(done.freedBytes))", .bold)) }
        return lines
    }
}
