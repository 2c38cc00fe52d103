package import Model

/// What a wall clock in one place shows: the offset from UTC at any instant, past and future.
///
/// Read from the system's compiled zone files (`TimeZoneRules(name:tzif:)`); a value without I/O.
package struct TimeZoneRules: Sendable, Hashable {
    /// A change of the offset.
    struct Transition: Sendable, Hashable {
        var at: Int64
        var before: Int64
        var after: Int64
    }

    /// The name under which the zone was asked for, such as `Europe/Lisbon`.
    package let name: String
    /// Offset in seconds before the first transition.
    let initialOffset: Int64
    /// Transitions of the file, ascending, only those that change the offset.
    let transitions: [Transition]
    /// The rule after the last listed instant; nil when the last offset simply stays.
    let footer: RecurringOffsetRule?
    /// From this second on the footer's rule applies.
    let footerFrom: Int64

    /// Coordinated Universal Time.
    package static let utc = TimeZoneRules(
        name: "UTC",
        initialOffset: 0,
        transitions: [],
        footer: nil,
        footerFrom: .max
    )

    /// Seconds east of UTC at an instant.
    package func offset(at instant: Instant) -> Int { Int(offset(atSecond: instant.secondsSinceEpoch)) }

    /// What the wall clock shows at an instant.
    package func civil(at instant: Instant) -> CivilTime {
        let second = instant.secondsSinceEpoch
        return CivilTime(secondsSinceEpoch: second + offset(atSecond: second))
    }

    func offset(atSecond second: Int64) -> Int64 {
        if let footer, second >= footerFrom { return footer.offset(atSecond: second) }
        let following = indexOfTransition(after: second)
        return following == 0 ? initialOffset : transitions[following - 1].after
    }

    /// The next change of the offset after `second`; nil when there will be none.
    func nextTransition(after second: Int64) -> Transition? {
        let index = indexOfTransition(after: second)
        if index < transitions.count { return transitions[index] }
        return footer?.nextTransition(after: max(second, footerFrom))
    }

    private func indexOfTransition(after second: Int64) -> Int {
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle].at > second { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
