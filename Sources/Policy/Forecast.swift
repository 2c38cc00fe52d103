package import Model

/// When the recovery time will exceed its objective if it keeps growing as it has.
package struct Forecast: Sendable, Hashable {
    /// How much longer a recovery takes each day.
    package var growthPerDay: Duration
    /// When the fitted line crosses the objective; already past when it has.
    package var crossesAt: Instant
    /// How many measurements the line is fitted to.
    package var measurements: Int

    /// Further ahead a straight line says nothing.
    private static let horizonDays = 3650.0

    /// Drills closer together differ by chance: they say nothing about growth.
    private static let shortestSpan = Duration.seconds(7 * 86_400)
    private static let fewestDays = 3

    /// Fits a line (least squares) to recovery times and extends it to `objective`.
    ///
    /// Nil with measurements of fewer than three days or of less than a week, when recovery does not grow, or when the crossing
    /// lies over ten years ahead.
    package init?(_ measurements: [(at: Instant, duration: Duration)], objective: Duration, now: Instant) {
        guard Self.areEnough(measurements.map(\.at)) else { return nil }
        let count = Double(measurements.count)
        // Days relative to now keep the sums small.
        let days = measurements.map { ($0.at - now).inSeconds / 86_400 }
        let seconds = measurements.map { $0.duration.inSeconds }
        let meanDay = days.reduce(0, +) / count
        let meanSeconds = seconds.reduce(0, +) / count
        let spread = days.reduce(0) { $0 + ($1 - meanDay) * ($1 - meanDay) }
        guard spread > 0 else { return nil }
        let covariance = zip(days, seconds).reduce(0) { $0 + ($1.0 - meanDay) * ($1.1 - meanSeconds) }
        let growth = covariance / spread
        // Less than a second in ten years is rounding, not growth.
        guard growth * Self.horizonDays >= 1 else { return nil }
        let crossing = meanDay + (objective.inSeconds - meanSeconds) / growth
        guard crossing <= Self.horizonDays else { return nil }
        growthPerDay = .microseconds(Int64((growth * 1e6).rounded()))
        crossesAt = now + .microseconds(Int64((max(crossing, -Self.horizonDays) * 86_400e6).rounded()))
        self.measurements = measurements.count
    }

    private static func areEnough(_ instants: [Instant]) -> Bool {
        guard let first = instants.min(), let last = instants.max() else { return false }
        let days = Set(instants.map { $0.secondsSinceEpoch / 86_400 })
        return days.count >= fewestDays && last - first >= shortestSpan
    }
}
