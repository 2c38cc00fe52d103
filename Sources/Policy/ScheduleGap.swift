package import Model

/// The longest time between two runs of a schedule.
package struct ScheduleGap: Sendable, Hashable {
    /// The run before the gap.
    package var from: Instant
    /// The run after it.
    package var to: Instant

    /// How long it is.
    package var length: Duration { to - from }

    /// Creates a gap.
    package init(from: Instant, to: Instant) {
        self.from = from
        self.to = to
    }
}

extension CronSchedule {
    /// The longest gap that begins within `horizon`; every run is looked at, none is sampled.
    ///
    /// The default of 400 days holds both changes of clocks, so that a nightly schedule shows its 25 hours of autumn.
    package func longestGap(
        from start: Instant,
        over horizon: Duration = .seconds(400 * 86_400),
        in zone: TimeZoneRules
    ) -> ScheduleGap? {
        var runs = occurrences(from: start, to: start + horizon, in: zone)
        if runs.isEmpty, let first = next(after: start, in: zone) { runs = [first] }
        guard let last = runs.last, let following = next(after: last, in: zone) else { return nil }
        runs.append(following)
        var longest: ScheduleGap?
        for (before, after) in zip(runs, runs.dropFirst()) where longest.map({ after - before > $0.length }) ?? true {
            longest = ScheduleGap(from: before, to: after)
        }
        return longest
    }
}
