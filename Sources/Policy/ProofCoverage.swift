package import Model

/// How much of what is kept was ever proven to restore.
package struct ProofCoverage: Sendable, Hashable {
    /// Complete points in the repository.
    package var points: Int
    /// How many of them a drill has proven.
    package var proven: Int
    /// The recovery instant of the newest proven point.
    package var newestProven: Instant?
    /// How far that lies back.
    package var ageOfNewestProven: Duration?

    /// Counts the complete points that are not known to be bad.
    package init(_ points: [RetentionPoint], now: Instant) {
        let complete = points.filter { $0.isComplete && !$0.isKnownBad }
        self.points = complete.count
        proven = complete.count { $0.isProven }
        newestProven = complete.filter(\.isProven).map(\.recoveryInstant).max()
        ageOfNewestProven = newestProven.map { max(.zero, now - $0) }
    }

    /// From 0 to 1; nil when there is no point.
    package var share: Double? { points == 0 ? nil : Double(proven) / Double(points) }
}
