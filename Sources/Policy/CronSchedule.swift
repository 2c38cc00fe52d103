package import Model

/// When a job runs: five cron fields, or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`.
///
/// A schedule that names hours is a list of appointments: one that falls into the hour which spring skips is kept right
/// after the jump, one that autumn shows twice is kept the first time. A schedule for every hour is a rhythm: it follows
/// the clock, so it also runs in the repeated hour.
package struct CronSchedule: Sendable, Hashable {
    /// As it was written.
    package let text: String
    let minutes: CronValues
    let hours: CronValues
    let daysOfMonth: CronValues
    let months: CronValues
    let daysOfWeek: CronValues

    private static let shorthands = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
        "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
    ]

    /// Reads a schedule; an impossible date such as 30 February is an error here, so that every schedule has a next run.
    package init(_ text: String) throws(CronError) {
        let words = text.split { $0 == " " || $0 == "\t" }
        if words.count == 1, words[0].hasPrefix("@") {
            guard let fields = Self.shorthands[words[0].lowercased()] else {
                throw CronError(
                    "'\(text)' is not known; write @hourly, @daily, @weekly, @monthly, @yearly or five fields"
                )
            }
            try self.init(text: text, fields: fields.split(separator: " "))
        } else {
            try self.init(text: text, fields: words)
        }
    }

    private init(text: String, fields: [Substring]) throws(CronError) {
        guard fields.count == 5 else {
            throw CronError(
                "'\(text)' has \(fields.count) field\(fields.count == 1 ? "" : "s"); a schedule has five: "
                    + "minute, hour, day of the month, month, day of the week"
            )
        }
        self.text = text
        minutes = try CronField.minute.parse(fields[0])
        hours = try CronField.hour.parse(fields[1])
        daysOfMonth = try CronField.dayOfMonth.parse(fields[2])
        months = try CronField.month.parse(fields[3])
        daysOfWeek = try CronField.dayOfWeek.parse(fields[4])
        let longest = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        let exists = months.all.contains { month in daysOfMonth.all.contains { $0 <= longest[month - 1] } }
        guard exists || eitherDaySuffices else {
            throw CronError("'\(text)' never happens: no month it names has such a day of the month")
        }
    }

    /// With both day fields restricted, cron runs when either matches.
    var eitherDaySuffices: Bool { !daysOfMonth.isStarred && !daysOfWeek.isStarred }

    /// Runs in every hour, hence follows the clock instead of keeping appointments.
    var isRhythm: Bool { hours.count == 24 }

    func runs(onDay day: Int) -> Bool {
        let date = CivilTime(secondsSinceEpoch: Int64(day) * 86_400)
        guard months.contains(date.month) else { return false }
        let (byDate, byWeekday) = (daysOfMonth.contains(date.day), daysOfWeek.contains(date.weekday))
        return eitherDaySuffices ? byDate || byWeekday : byDate && byWeekday
    }
}

extension CronSchedule {
    /// The first run after an instant.
    ///
    /// Looks 60 years ahead, further than any schedule that could be created needs; nil is therefore never seen in practice.
    package func next(after instant: Instant, in zone: TimeZoneRules) -> Instant? {
        let today = zone.civil(at: instant).daysSinceEpoch
        for day in (today - 1)...(today + 60 * 366) where runs(onDay: day) {
            guard runs(from: day, through: day, in: zone).contains(where: { $0 > instant }) else { continue }
            // Where clocks go back over midnight, the following day may hold an earlier instant.
            return runs(from: day, through: day + 1, in: zone).first { $0 > instant }
        }
        return nil
    }

    /// All runs from `start` until before `end`, ascending, each once.
    ///
    /// Memory grows with their number: at most 1440 a day.
    package func occurrences(from start: Instant, to end: Instant, in zone: TimeZoneRules) -> [Instant] {
        guard start < end else { return [] }
        let first = zone.civil(at: start).daysSinceEpoch - 1
        let last = zone.civil(at: end).daysSinceEpoch + 1
        return runs(from: first, through: last, in: zone).filter { $0 >= start && $0 < end }
    }

    private func runs(from first: Int, through last: Int, in zone: TimeZoneRules) -> [Instant] {
        var result: [Instant] = []
        let times = hours.all.flatMap { hour in minutes.all.map { Int64(hour * 3600 + $0 * 60) } }
        for day in first...last where runs(onDay: day) {
            let midnight = Int64(day) * 86_400
            // A day far from any change of clocks, which is nearly every day, needs no resolving.
            if let offset = zone.constantOffset(from: midnight - 28 * 3600, to: midnight + 52 * 3600) {
                for time in times { result.append(Instant(secondsSinceEpoch: midnight + time - offset)) }
                continue
            }
            for time in times {
                let resolution = zone.resolve(CivilTime(secondsSinceEpoch: midnight + time))
                result += isRhythm ? resolution.instants : [resolution.appointment]
            }
        }
        return result.sortedAndUnique()
    }
}

extension [Instant] {
    fileprivate func sortedAndUnique() -> [Instant] {
        let isAscending = zip(self, dropFirst()).allSatisfy { $0 < $1 }
        return isAscending ? self : Set(self).sorted()
    }
}

extension CronSchedule: CustomStringConvertible, Codable {
    package var description: String { text }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            try self.init(container.decode(String.self))
        } catch let error as CronError {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
