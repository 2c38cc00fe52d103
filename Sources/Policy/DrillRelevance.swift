package import Model

/// Whether a drill speaks for what a recovery would take now: only one of a recent point of the usual size does.
///
/// A point is recent when, as the drill was declared, at most one newer good point existed, or its state lay back from that of
/// the newest one by no more than twice the RPO. Its size is usual when it has at least half as much text as the newest one.
package struct DrillRelevance: Sendable, Hashable {
    /// A point that could have been drilled.
    package struct Point: Sendable, Hashable {
        package var recoveryInstant: Instant
        package var committedAt: Instant
        /// From here on it could not: it was known to be bad, or removed.
        package var goneSince: Instant?
        /// How much text it stands for, where that is known.
        package var textBytes: Int64?

        /// Creates a point.
        package init(
            recoveryInstant: Instant,
            committedAt: Instant,
            goneSince: Instant? = nil,
            textBytes: Int64? = nil
        ) {
            self.recoveryInstant = recoveryInstant
            self.committedAt = committedAt
            self.goneSince = goneSince
            self.textBytes = textBytes
        }
    }

    /// How many newer points existed when the drill was declared.
    package var newerPoints: Int
    /// Why the drill does not count; nil when it does.
    package var objection: String?

    /// Holds a drill of a state against the points that existed when it was declared.
    package init(
        of recoveryInstant: Instant,
        textBytes: Int64?,
        declaredAt: Instant,
        among points: [Point],
        rpo: Duration?
    ) {
        let newer = points.filter { point in
            point.committedAt <= declaredAt && point.recoveryInstant > recoveryInstant
                && (point.goneSince.map { $0 > declaredAt } ?? true)
        }
        newerPoints = newer.count
        guard let newest = newer.max(by: { $0.recoveryInstant < $1.recoveryInstant }) else { return }
        let age = newest.recoveryInstant - recoveryInstant
        if newer.count > 1, age > (rpo ?? .zero) * 2 {
            objection = "\(newer.count) newer points existed then, the newest \(age.inWords) newer"
        } else if let textBytes, let whole = newest.textBytes, textBytes < whole / 2 {
            objection = "the newest point had \(ByteCount(whole)) of text then, and this one \(ByteCount(textBytes))"
        }
    }
}
