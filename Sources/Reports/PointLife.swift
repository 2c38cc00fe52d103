import Model
import Policy

/// One point from its commit on, whether it still exists or not.
struct PointLife {
    var recoveryInstant: Instant
    var committedAt: Instant
    var provenAt: Instant?
    var removedAt: Instant?
    var isKept: Bool
    /// The repositories that hold it, or held it.
    var repositories: Set<Int>
    /// Copies known to be bad, and since when.
    var badCopies: [Int: Instant] = [:]
    /// When each repository got its copy, those that have lost it included.
    var committedIn: [Int: Instant] = [:]
    /// When a prune removed the copy of a repository, or an operator accepted that it is gone.
    var removedIn: [Int: Instant] = [:]
    /// Copies of which only the number is known.
    var unnamedCopies = 0
    /// How much text it stands for, where that is known.
    var textBytes: Int64?
    /// The record of the backup that made it, where there is one.
    var maker: RunMaker?

    /// Since when no copy is good; nil while one is.
    var badSince: Instant? {
        let bad = badCopies.filter { repositories.contains($0.key) }
        return bad.count == repositories.count ? bad.values.max() : nil
    }

    /// Every copy that there ever was.
    private var copies: [CopyCoverage.Copy] {
        let named = repositories.union(committedIn.keys).map { place in
            CopyCoverage.Copy(
                committedAt: committedIn[place] ?? committedAt,
                goneSince: [badCopies[place], removedIn[place]].compactMap(\.self).min(),
                isLost: !(isKept && repositories.contains(place)) && removedIn[place] == nil
            )
        }
        let unnamed = CopyCoverage.Copy(committedAt: committedAt, goneSince: badSince)
        return named + Array(repeating: unnamed, count: unnamedCopies)
    }

    /// The point as copies are counted.
    var covered: CopyCoverage.Point {
        CopyCoverage.Point(recoveryInstant: recoveryInstant, committedAt: committedAt, copies: copies)
    }

    /// The point as one that could be drilled.
    var drillable: DrillRelevance.Point {
        DrillRelevance.Point(
            recoveryInstant: recoveryInstant,
            committedAt: committedAt,
            goneSince: [badSince, isKept ? nil : removedAt].compactMap(\.self).min(),
            textBytes: textBytes
        )
    }

    /// The point as the exposure is measured on it; what is gone counts until it was removed, at the latest until `end`.
    func exposed(until end: Instant) -> Exposure.Point {
        let gone = isKept ? nil : removedAt ?? end
        return Exposure.Point(
            // A database whose clock is ahead cannot have rows of the future.
            recoveryInstant: min(recoveryInstant, committedAt),
            committedAt: committedAt,
            knownBadSince: [badSince, gone].compactMap(\.self).min()
        )
    }
}

/// Who made a record.
struct RunMaker: Hashable {
    let host: String
    let tool: String

    init(_ record: RunRecord) { (host, tool) = (record.host, record.tool) }
}
