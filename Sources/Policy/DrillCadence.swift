package import Model

/// Whether drills keep the promised rhythm; only a drill that proved a point counts.
package struct DrillCadence: Sendable, Hashable {
    package var lastProvenAt: Instant?
    /// When the next drill must have proven a point; nil while there is nothing to drill.
    package var dueAt: Instant?
    /// By how much it is late; nil when it is not.
    package var lateBy: Duration?

    /// Looks at the rhythm at a moment.
    ///
    /// The first drill is due one interval after the first point.
    package init(every interval: Duration, provenAt: [Instant], protectedSince: Instant?, now: Instant) {
        lastProvenAt = provenAt.filter { $0 <= now }.max()
        dueAt = (lastProvenAt ?? protectedSince).map { $0 + interval }
        lateBy = dueAt.flatMap { $0 < now ? now - $0 : nil }
    }

    /// Met while the last proven drill is recent enough; unknown before the first is due.
    package var verdict: ObjectiveVerdict {
        guard let dueAt else { return .unknown("there is no recovery point to drill yet") }
        if let lateBy {
            return .missed(
                "a drill is \(lateBy.inWords) late" + (lastProvenAt == nil ? "; none has proven a point yet" : "")
            )
        }
        return lastProvenAt == nil ? .unknown("no drill has proven a point yet; the first is due by \(dueAt)") : .met
    }
}
