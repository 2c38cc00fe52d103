package import Model

/// Whether a schedule can meet an RPO at all, even if every run succeeds.
///
/// The worst exposure comes just before a run commits: the longest gap between two runs, plus the time a run takes, plus
/// the random delay of its start. A nightly schedule therefore never meets 24 h.
package struct ScheduleFeasibility: Sendable, Hashable {
    package var gap: ScheduleGap?
    /// The 95th percentile of the runs' durations; nil before the first run.
    package var typicalDuration: Duration?
    package var jitter: Duration
    package var rpo: Duration
    /// A schedule that fits, rarest first; nil when this one does or none would.
    package var suggestion: CronSchedule?

    /// The exposure to be expected at worst; nil for a schedule that never runs.
    package var worstExposure: Duration? { gap.map { $0.length + (typicalDuration ?? .zero) + jitter } }

    /// Judges a schedule over the 400 days that follow `now`.
    package init(
        _ schedule: CronSchedule,
        zone: TimeZoneRules,
        durations: [Duration],
        jitter: Duration = .zero,
        rpo: Duration,
        now: Instant
    ) {
        gap = schedule.longestGap(from: now, in: zone)
        typicalDuration = percentile(95, of: durations)
        self.jitter = jitter
        self.rpo = rpo
        if let worst = worstExposure, worst > rpo {
            suggestion = Self.rarestSchedule(
                within: rpo - jitter - (typicalDuration ?? .zero),
                zone: zone,
                now: now
            )
        }
    }

    /// Met only once a run has shown how long it takes.
    package var verdict: ObjectiveVerdict {
        guard let gap, let worst = worstExposure else { return .missed("the schedule never runs") }
        if worst > rpo {
            var parts = ["runs lie up to \(gap.length.inWords) apart"]
            if let typicalDuration { parts.append("take \(typicalDuration.inWords)") }
            if jitter > .zero { parts.append("start up to \(jitter.inWords) late") }
            let advice = suggestion.map { "; '\($0.text)' fits" } ?? "; no schedule fits"
            return .missed(
                "\(parts.joined(separator: ", ")): exposure reaches \(worst.inWords), \(rpo.inWords) is allowed\(advice)"
            )
        }
        return typicalDuration == nil ? .unknown("no run has shown yet how long a backup takes") : .met
    }

    private static let candidates = [
        "0 2 * * *", "0 2,14 * * *", "0 */8 * * *", "0 */6 * * *", "0 */4 * * *", "0 */3 * * *", "0 */2 * * *",
        "0 * * * *",
        "*/30 * * * *", "*/20 * * * *", "*/15 * * * *", "*/10 * * * *", "*/5 * * * *",
    ]

    /// The rarest candidate whose longest gap is at most `limit`.
    private static func rarestSchedule(
        within limit: Duration,
        zone: TimeZoneRules,
        now: Instant
    ) -> CronSchedule? {
        candidates.lazy.compactMap { try? CronSchedule($0) }.first { candidate in
            candidate.longestGap(from: now, in: zone).map { $0.length <= limit } ?? false
        }
    }
}

/// The smallest value that at least `percent` of the values do not exceed (nearest rank); nil without values.
package func percentile(_ percent: Int, of values: [Duration]) -> Duration? {
    guard !values.isEmpty else { return nil }
    let rank = (values.count * min(max(percent, 1), 100) + 99) / 100
    return values.sorted()[rank - 1]
}
