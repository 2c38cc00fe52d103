package import Model

/// Whether drills keep the promised rhythm; only a drill that proved a point counts.
package struct DrillCadence: Sendable, Hashable {
    /// A time without a proven drill.
    package struct Gap: Sendable, Hashable {
        package var from: Instant
        package var to: Instant

        /// Creates a gap.
        package init(from: Instant, to: Instant) {
            self.from = from
            self.to = to
        }

        package var length: Duration { to - from }
    }

    package var interval: Duration
    package var lastProvenAt: Instant?
    /// When the next drill must have proven a point; nil while there is nothing to drill.
    package var dueAt: Instant?
    /// By how much it is late; nil when it is not.
    package var lateBy: Duration?
    /// The longest time without a proven drill that reached into the period; nil while there is nothing to drill.
    package var longestGap: Gap?
    /// How many drills the rhythm asks for in the protected part of the period.
    package var due: Int

    /// Looks at the rhythm from `from` to `now`.
    ///
    /// The first drill is due one interval after the first point. A gap that began before the period counts as a whole.
    package init(
        every interval: Duration,
        provenAt: [Instant],
        protectedSince: Instant?,
        from: Instant,
        now: Instant
    ) {
        self.interval = interval
        let proven = provenAt.filter { $0 <= now }.sorted()
        let protectedSince = protectedSince.flatMap { $0 <= now ? $0 : nil }
        lastProvenAt = proven.last
        dueAt = (lastProvenAt ?? protectedSince).map { $0 + interval }
        lateBy = dueAt.flatMap { $0 < now ? now - $0 : nil }
        let begin = ([protectedSince, proven.first].compactMap(\.self)).min()
        let marks = (begin.map { [$0] } ?? []) + proven + [now]
        longestGap = zip(marks, marks.dropFirst()).map { Gap(from: $0, to: $1) }
            .filter { $0.to > from }
            .max { $0.length < $1.length }
        let judged = begin.map { now - max($0, from) } ?? .zero
        due = interval > .zero && judged > .zero ? Int(judged / interval) : 0
    }

    /// Met while no time of the period without a proven drill was longer than promised; unknown before the first is due.
    package var verdict: ObjectiveVerdict {
        guard let dueAt else { return .unknown("there is no recovery point to drill yet") }
        if let lateBy {
            return .missed(
                "a drill is \(lateBy.inWords) late" + (lastProvenAt == nil ? "; none has proven a point yet" : "")
            )
        }
        if let longestGap, longestGap.length > interval + grace {
            return .missed(
                "no drill proved a point for \(longestGap.length.inWords), from \(longestGap.from) to \(longestGap.to);"
                    + " \(interval.inWords) are allowed; the last one is recent enough again"
            )
        }
        return lastProvenAt == nil ? .unknown("no drill has proven a point yet; the first is due by \(dueAt)") : .met
    }

    /// How much longer than promised a gap may be.
    ///
    /// A weekly drill ends now and then a little later in the week: its start is random by minutes, one takes longer than
    /// another, clocks change. Nobody means that who promises a week.
    private var grace: Duration { min(.seconds(3600), interval / 24) }
}
