import Model

/// The POSIX rule at the end of a zone file, such as `WET0WEST,M3.5.0/1,M10.5.0`: what holds in all years to come.
struct RecurringOffsetRule: Sendable, Hashable {
    /// A day of every year and a time on it.
    struct YearlyMoment: Sendable, Hashable {
        enum Day: Sendable, Hashable {
            /// 1 to 365; 29 February is never counted.
            case julian(Int)
            /// 0 to 365.
            case ordinal(Int)
            /// Week 5 is the last one.
            case weekday(month: Int, week: Int, weekday: Int)
        }

        var day: Day
        /// Seconds after midnight; may be negative or beyond the day.
        var time: Int64
    }

    struct Daylight: Sendable, Hashable {
        var offset: Int64
        var start: YearlyMoment
        var end: YearlyMoment
    }

    var standardOffset: Int64
    var daylight: Daylight?

    func offset(atSecond second: Int64) -> Int64 {
        let year = CivilTime(secondsSinceEpoch: second).year
        return transitions(around: year).last { $0.at <= second }?.after ?? standardOffset
    }

    func nextTransition(after second: Int64) -> TimeZoneRules.Transition? {
        let year = CivilTime(secondsSinceEpoch: second).year
        return transitions(around: year).first { $0.at > second }
    }

    /// The changes of the year, the one before and the one after, ascending.
    ///
    /// A zone that keeps daylight time all year ends and starts it at one instant; that is no change.
    private func transitions(around year: Int) -> [TimeZoneRules.Transition] {
        guard let daylight else { return [] }
        var starts: [Int64] = []
        var ends: [Int64] = []
        for year in (year - 2)...(year + 1) {
            starts.append(daylight.start.secondsSinceEpoch(year: year) - standardOffset)
            ends.append(daylight.end.secondsSinceEpoch(year: year) - daylight.offset)
        }
        let allYear = !Set(starts).isDisjoint(with: ends)
        if allYear {
            return [.init(at: starts[0], before: standardOffset, after: daylight.offset)]
        }
        let onsets = starts.map { TimeZoneRules.Transition(at: $0, before: standardOffset, after: daylight.offset) }
        let returns = ends.map { TimeZoneRules.Transition(at: $0, before: daylight.offset, after: standardOffset) }
        return (onsets + returns).sorted { $0.at < $1.at }
    }
}

extension RecurringOffsetRule.YearlyMoment {
    /// Wall clock seconds in the given year, counted from the epoch as if the clock showed UTC.
    func secondsSinceEpoch(year: Int) -> Int64 {
        let newYear = CivilTime(year: year, month: 1, day: 1).daysSinceEpoch
        let date: Int
        switch day {
        case .ordinal(let ordinal): date = newYear + ordinal
        case .julian(let number):
            let isLeap = CivilTime(year: year, month: 3, day: 1).daysSinceEpoch - newYear == 60
            date = newYear + number - 1 + (isLeap && number >= 60 ? 1 : 0)
        case .weekday(let month, let week, let weekday):
            let first = CivilTime(year: year, month: month, day: 1)
            let candidate = first.daysSinceEpoch + (weekday - first.weekday + 7) % 7 + (week - 1) * 7
            let (nextYear, nextMonth) = month == 12 ? (year + 1, 1) : (year, month + 1)
            let end = CivilTime(year: nextYear, month: nextMonth, day: 1).daysSinceEpoch
            date = candidate >= end ? candidate - 7 : candidate
        }
        return Int64(date) * 86_400 + time
    }
}
