package import Model

/// In how many repositories the newest state lay, over a period.
///
/// A point may reach its repositories one after the other, so it is judged when its time as the newest ends: just before the
/// next point is committed, and the newest one at the end of the period.
package struct CopyCoverage: Sendable, Hashable {
    /// One copy of a point.
    package struct Copy: Sendable, Hashable {
        package var committedAt: Instant
        /// From here on it does not count: it was found bad, or removed.
        package var goneSince: Instant?
        /// Whether it is gone, and nobody knows since when.
        package var isLost: Bool

        /// Creates a copy.
        package init(committedAt: Instant, goneSince: Instant? = nil, isLost: Bool = false) {
            self.committedAt = committedAt
            self.goneSince = goneSince
            self.isLost = isLost
        }
    }

    /// A point with every copy that it ever had.
    package struct Point: Sendable, Hashable {
        package var recoveryInstant: Instant
        package var committedAt: Instant
        package var copies: [Copy]

        /// Creates a point.
        package init(recoveryInstant: Instant, committedAt: Instant, copies: [Copy]) {
            self.recoveryInstant = recoveryInstant
            self.committedAt = committedAt
            self.copies = copies
        }
    }

    /// A time during which the newest state lay in too few repositories.
    package struct Stretch: Sendable, Hashable {
        /// Nil when a copy was lost and nobody knows since when.
        package var from: Instant?
        package var to: Instant

        /// Creates a stretch.
        package init(from: Instant?, to: Instant) {
            self.from = from
            self.to = to
        }
    }

    package var target: Int
    /// Repositories that were not examined; what lies in them is not known.
    package var notExamined: [String]
    /// How many points were the newest good one when they were judged.
    package var points = 0
    /// How many of them had too few copies.
    package var short = 0
    /// How many of them may have had enough in the repositories that were not examined.
    package var uncertain = 0
    /// The longest time with too few; the one that lasts still when two are as long.
    package var worst: Stretch?
    /// In how many repositories the newest good point lies at the end; nil when there is none.
    package var current: Int?
    /// The time with too few that has not ended yet.
    package var lasting: Stretch?

    /// Whether every point of the period lay in enough repositories.
    package var verdict: ObjectiveVerdict {
        guard let current else { return .unknown("no recovery point exists yet") }
        let now = "the newest point lies in \(current) of \(target) repositories"
        if current + notExamined.count < target {
            return .missed(now + (lasting?.from.map { ", and that since \($0)" } ?? ""))
        }
        if short > 0 {
            let longest = worst.flatMap { stretch in
                stretch.from.map { ", for \((stretch.to - $0).inWords) at worst, from \($0) to \(stretch.to)" }
            }
            return .missed(
                "\(short) of \(points) points still lay in fewer than \(target) repositories when the next one was taken"
                    + (longest ?? "")
            )
        }
        let places = notExamined.map { "'\($0)'" }.joined(separator: ", ")
        if current < target { return .unknown("\(now), and \(places) was not examined") }
        if uncertain > 0 {
            return .unknown("\(uncertain) of \(points) points may lack a copy, because \(places) was not examined")
        }
        return .met
    }
}
