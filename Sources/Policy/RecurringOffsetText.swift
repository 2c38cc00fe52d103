/// Why a zone file or a zone's name cannot be used.
package struct TimeZoneError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    /// Creates an error with its full text.
    package init(_ description: String) { self.description = description }
}

/// Reads the text of a POSIX `TZ` rule, with the extension that times run from -167 to 167 hours.
struct RecurringOffsetText {
    private var rest: Substring
    private let whole: String

    /// The rule that `text` spells, such as `EST5EDT,M3.2.0,M11.1.0`.
    static func parse(_ text: String) throws(TimeZoneError) -> RecurringOffsetRule {
        var reader = RecurringOffsetText(rest: text[...], whole: text)
        return try reader.rule()
    }

    private var malformed: TimeZoneError {
        TimeZoneError("the rule '\(whole)' at the end of the zone file is malformed")
    }

    private mutating func rule() throws(TimeZoneError) -> RecurringOffsetRule {
        try skipName()
        // POSIX counts west of Greenwich as positive.
        let standard = -(try clock())
        guard !rest.isEmpty else { return RecurringOffsetRule(standardOffset: standard, daylight: nil) }
        try skipName()
        let daylight = rest.first == "," ? standard + 3600 : -(try clock())
        let start = try moment()
        let end = try moment()
        guard rest.isEmpty else { throw malformed }
        return RecurringOffsetRule(standardOffset: standard, daylight: .init(offset: daylight, start: start, end: end))
    }

    private mutating func skipName() throws(TimeZoneError) {
        if rest.first == "<" {
            guard let end = rest.firstIndex(of: ">") else { throw malformed }
            rest = rest[rest.index(after: end)...]
            return
        }
        let name = rest.prefix { $0.isASCII && $0.isLetter }
        guard name.count >= 3 else { throw malformed }
        rest = rest.dropFirst(name.count)
    }

    private mutating func number(in range: ClosedRange<Int>) throws(TimeZoneError) -> Int {
        let digits = rest.prefix { ("0"..."9").contains($0) }
        guard let value = Int(digits), range.contains(value) else { throw malformed }
        rest = rest.dropFirst(digits.count)
        return value
    }

    private mutating func take(_ character: Character) -> Bool {
        guard rest.first == character else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    private mutating func clock() throws(TimeZoneError) -> Int64 {
        let isNegative = take("-")
        if !isNegative { _ = take("+") }
        var seconds = try number(in: 0...167) * 3600
        if take(":") { seconds += try number(in: 0...59) * 60 }
        if take(":") { seconds += try number(in: 0...59) }
        return Int64(isNegative ? -seconds : seconds)
    }

    private mutating func moment() throws(TimeZoneError) -> RecurringOffsetRule.YearlyMoment {
        guard take(",") else { throw malformed }
        let day: RecurringOffsetRule.YearlyMoment.Day
        if take("M") {
            let month = try number(in: 1...12)
            guard take(".") else { throw malformed }
            let week = try number(in: 1...5)
            guard take(".") else { throw malformed }
            day = .weekday(month: month, week: week, weekday: try number(in: 0...6))
        } else if take("J") {
            day = .julian(try number(in: 1...365))
        } else {
            day = .ordinal(try number(in: 0...365))
        }
        return .init(day: day, time: take("/") ? try clock() : 7200)
    }
}
