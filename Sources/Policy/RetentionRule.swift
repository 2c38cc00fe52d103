import Model

/// A span of the calendar of which retention keeps the newest point.
package enum RetentionRule: String, Sendable, Hashable, CaseIterable {
    case hourly
    case daily
    case weekly
    case monthly
    case yearly

    /// Two instants fall into the same span when their keys are equal.
    struct Span: Hashable {
        var number: Int
        /// Tells the two hours apart that the clock shows alike in autumn; 0 for longer spans.
        var offset = 0
    }

    func span(of instant: Instant, in zone: TimeZoneRules) -> Span {
        let civil = zone.civil(at: instant)
        switch self {
        case .hourly: return Span(number: civil.daysSinceEpoch * 24 + civil.hour, offset: zone.offset(at: instant))
        case .daily: return Span(number: civil.daysSinceEpoch)
        case .weekly: return Span(number: Self.thursday(ofWeekWith: civil.daysSinceEpoch))
        case .monthly: return Span(number: civil.year * 12 + civil.month)
        case .yearly: return Span(number: civil.year)
        }
    }

    /// The span's name for people: `2026-11-21 14 h`, `2026-11-21`, `2026-W47`, `2026-11`, `2026`.
    func label(of instant: Instant, in zone: TimeZoneRules) -> String {
        let civil = zone.civil(at: instant)
        let month = "\(padded(civil.year, 4))-\(padded(civil.month, 2))"
        switch self {
        case .hourly: return "\(month)-\(padded(civil.day, 2)) \(padded(civil.hour, 2)) h"
        case .daily: return "\(month)-\(padded(civil.day, 2))"
        case .weekly: return Self.weekLabel(civil.daysSinceEpoch)
        case .monthly: return month
        case .yearly: return padded(civil.year, 4)
        }
    }

    /// Days since the epoch of the Thursday in the same week (Monday to Sunday); it decides the week's year (ISO 8601).
    private static func thursday(ofWeekWith day: Int) -> Int {
        let civil = CivilTime(secondsSinceEpoch: Int64(day) * 86_400)
        return day - (civil.weekday + 6) % 7 + 3
    }

    private static func weekLabel(_ day: Int) -> String {
        let thursday = thursday(ofWeekWith: day)
        let year = CivilTime(secondsSinceEpoch: Int64(thursday) * 86_400).year
        let week = (thursday - CivilTime(year: year, month: 1, day: 1).daysSinceEpoch) / 7 + 1
        return "\(padded(year, 4))-W\(padded(week, 2))"
    }
}
