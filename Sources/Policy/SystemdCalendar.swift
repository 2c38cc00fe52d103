package import Model

extension CronSchedule {
    /// Changes of clocks that lie further ahead are not looked at.
    private static let lookAhead: Int64 = 10 * 366 * 86_400

    /// The schedule as systemd's `OnCalendar=` expressions, whose union runs at exactly the same instants.
    ///
    /// Throws the reason when there are none: systemd leaves out a run that falls into the hour which spring skips, and in
    /// autumn runs only once in the repeated hour (seen with version 252).
    package func systemdCalendar(zone: TimeZoneRules, now: Instant) throws(CronError) -> [String] {
        let changes = zone.transitions(after: now.secondsSinceEpoch, within: Self.lookAhead)
        if isRhythm, runsEveryDay, let shifted = minutesInUTC(zone: zone, now: now, changes: changes) {
            return ["*-*-* *:\(Self.ranges(shifted)):00 UTC"]
        }
        if isRhythm, !changes.isEmpty {
            throw CronError(
                "'\(text)' runs in every hour, and systemd leaves out what clocks in \(zone.name) repeat in autumn"
            )
        }
        for change in changes where change.after > change.before {
            guard let skipped = firstTime(in: change) else { continue }
            throw CronError(
                "'\(text)' has a run at \(Self.clock(skipped)), which clocks in \(zone.name) skip on \(Self.date(skipped)), "
                    + "and systemd would leave it out; choose a time that exists every day"
            )
        }
        return dayExpressions.map {
            "\($0) \(Self.field(hours, of: .hour)):\(Self.field(minutes, of: .minute)):00 \(zone.name)"
        }
    }

    private var runsEveryDay: Bool { daysOfMonth.count == 31 && months.count == 12 && daysOfWeek.count == 7 }

    /// The minutes of the hour in UTC; nil when the zone's offset from whole hours changes.
    private func minutesInUTC(zone: TimeZoneRules, now: Instant, changes: [TimeZoneRules.Transition]) -> [Int]? {
        let offset = Int64(zone.offset(at: now))
        guard changes.allSatisfy({ ($0.after - offset) % 3600 == 0 }), offset % 60 == 0 else { return nil }
        return minutes.all.map { (($0 - Int(offset / 60)) % 60 + 60) % 60 }.sorted()
    }

    /// The first local time in a skipped stretch at which a run was planned.
    private func firstTime(in gap: TimeZoneRules.Transition) -> CivilTime? {
        let start = (gap.at + gap.before + 59) / 60 * 60
        return stride(from: start, to: gap.at + gap.after, by: 60).lazy.map { CivilTime(secondsSinceEpoch: $0) }.first {
            time in
            hours.contains(time.hour) && minutes.contains(time.minute) && runs(onDay: time.daysSinceEpoch)
        }
    }

    /// The day part of each expression: two when either day field suffices, for systemd demands both.
    private var dayExpressions: [String] {
        let weekdays = daysOfWeek.count == 7 ? "" : Self.weekdayNames(daysOfWeek) + " "
        let month = Self.field(months, of: .month)
        let date = "*-\(month)-\(Self.field(daysOfMonth, of: .dayOfMonth))"
        return eitherDaySuffices ? ["\(weekdays)*-\(month)-*", date] : [weekdays + date]
    }

    private static func weekdayNames(_ days: CronValues) -> String {
        let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        return (0..<7).filter { days.contains(($0 + 1) % 7) }.map { names[$0] }.joined(separator: ",")
    }

    private static func field(_ values: CronValues, of field: CronField) -> String {
        let isFull = field.range.allSatisfy { values.contains($0) }
        return isFull ? "*" : ranges(values.all)
    }

    /// `00,15,30..35`.
    private static func ranges(_ values: [Int]) -> String {
        var runs: [ClosedRange<Int>] = []
        for value in values {
            if let last = runs.last, last.upperBound + 1 == value {
                runs[runs.count - 1] = last.lowerBound...value
            } else {
                runs.append(value...value)
            }
        }
        return runs.map { run in
            run.count == 1 ? padded(run.lowerBound, 2) : padded(run.lowerBound, 2) + ".." + padded(run.upperBound, 2)
        }.joined(separator: ",")
    }

    private static func clock(_ time: CivilTime) -> String { "\(padded(time.hour, 2)):\(padded(time.minute, 2))" }

    private static func date(_ time: CivilTime) -> String {
        "\(padded(time.year, 4))-\(padded(time.month, 2))-\(padded(time.day, 2))"
    }
}

extension TimeZoneRules {
    /// The changes of the offset that follow `second`, up to `span` seconds later.
    fileprivate func transitions(after second: Int64, within span: Int64) -> [Transition] {
        var result: [Transition] = []
        var position = second
        while let next = nextTransition(after: position), next.at <= second + span {
            result.append(next)
            position = next.at
        }
        return result
    }
}
