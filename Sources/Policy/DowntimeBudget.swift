import Model

/// The downtime that an availability leaves in a period: 99.5 % is 3.6 h in 30 days.
package struct DowntimeBudget: Sendable, Hashable {
    /// In per cent.
    package var availability: Double
    package var period: Duration

    /// Creates a budget.
    package init(availability: Double, period: Duration) {
        self.availability = availability
        self.period = period
    }

    /// The allowed downtime in the period.
    package var allowed: Duration { period * ((100 - availability) / 100) }

    /// The share of the budget (1 is all of it) that one recovery of this length uses up; nil without a budget.
    package func share(of recovery: Duration) -> Double? { allowed > .zero ? recovery / allowed : nil }
}
