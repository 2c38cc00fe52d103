package import Model

/// The instants at which a wall clock shows a given time: one, two (clocks went back), or none (clocks went forward).
package enum CivilResolution: Sendable, Hashable {
    case unique(Instant)
    /// The clock shows the time twice.
    case ambiguous(first: Instant, second: Instant)
    /// The clock never shows the time: at `at` it jumps from `before` to `after`.
    case gap(before: CivilTime, after: CivilTime, at: Instant)

    /// The one instant that an appointment at this time means: the first of two; right after the jump when there is none.
    package var appointment: Instant {
        switch self {
        case .unique(let instant), .ambiguous(let instant, _), .gap(_, _, let instant): instant
        }
    }

    /// Every instant at which the clock really shows the time.
    package var instants: [Instant] {
        switch self {
        case .unique(let instant): [instant]
        case .ambiguous(let first, let second): [first, second]
        case .gap: []
        }
    }
}

extension TimeZoneRules {
    /// No zone is further than this from UTC, so only transitions this near can concern a civil time.
    private static let farthestOffset: Int64 = 26 * 3600

    /// When a wall clock in this zone shows `civil`.
    package func resolve(_ civil: CivilTime) -> CivilResolution {
        let reading = civil.secondsSinceEpoch
        var position = reading - Self.farthestOffset
        var offsets: Set = [offset(atSecond: position)]
        var jump: Transition?
        while let next = nextTransition(after: position), next.at <= reading + Self.farthestOffset {
            if next.at + next.before <= reading, reading < next.at + next.after { jump = next }
            offsets.insert(next.after)
            position = next.at
        }
        let seconds = offsets.map { reading - $0 }.filter { $0 + offset(atSecond: $0) == reading }.sorted()
        if let first = seconds.first {
            let instant = Instant(secondsSinceEpoch: first)
            guard seconds.count > 1 else { return .unique(instant) }
            return .ambiguous(first: instant, second: Instant(secondsSinceEpoch: seconds[1]))
        }
        guard let jump else { return .unique(Instant(secondsSinceEpoch: reading - offset(atSecond: reading))) }
        return .gap(
            before: CivilTime(secondsSinceEpoch: jump.at + jump.before),
            after: CivilTime(secondsSinceEpoch: jump.at + jump.after),
            at: Instant(secondsSinceEpoch: jump.at)
        )
    }

    /// The offset in seconds if it is the same from `start` to `end`, both in seconds since the epoch.
    func constantOffset(from start: Int64, to end: Int64) -> Int64? {
        if let next = nextTransition(after: start), next.at <= end { return nil }
        return offset(atSecond: start)
    }
}
