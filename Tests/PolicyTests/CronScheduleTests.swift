import Model
import Policy
import Testing

@Suite("When schedules run")
struct CronScheduleTests {
    /// Each case: schedule, zone, after, the runs that follow.
    @Test(
        "the next runs are those that a wall clock in the zone would show",
        arguments: [
            // Plain UTC, lists, ranges, steps, names.
            ("0 2 * * *", "UTC", "2026-11-21T06:00:00Z", ["2026-11-22T02:00:00Z", "2026-11-23T02:00:00Z"]),
            ("0 2 * * *", "UTC", "2026-11-22T02:00:00Z", ["2026-11-23T02:00:00Z"]),
            (
                "*/20 5 * * *", "UTC", "2026-11-21T05:00:30Z",
                ["2026-11-21T05:20:00Z", "2026-11-21T05:40:00Z", "2026-11-22T05:00:00Z"]
            ),
            ("0 0 1 JAN *", "UTC", "2026-11-21T00:00:00Z", ["2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"]),
            ("0 9 * * MON-FRI", "UTC", "2026-11-20T10:00:00Z", ["2026-11-23T09:00:00Z"]),
            ("0 9 * * 7", "UTC", "2026-11-20T10:00:00Z", ["2026-11-22T09:00:00Z"]),
            // Either day field suffices when both are restricted.
            (
                "0 0 13 * FRI", "UTC", "2026-11-01T00:00:00Z",
                ["2026-11-06T00:00:00Z", "2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z"]
            ),
            ("0 0 15 * MON", "UTC", "2026-11-10T00:00:00Z", ["2026-11-15T00:00:00Z", "2026-11-16T00:00:00Z"]),
            // A starred step counts as unrestricted: both must match, as in Vixie cron.
            ("0 0 */2 * MON", "UTC", "2026-11-01T00:00:00Z", ["2026-11-09T00:00:00Z", "2026-11-23T00:00:00Z"]),
            // Leap years, across a century that is none.
            ("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]),
            ("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", ["2104-02-29T00:00:00Z"]),
            ("0 0 31 * *", "UTC", "2026-03-31T00:00:00Z", ["2026-05-31T00:00:00Z", "2026-07-31T00:00:00Z"]),
            // Lisbon, spring: 01:00 jumps to 02:00 on 29 March 2026.
            ("30 1 * * *", "Europe/Lisbon", "2026-03-28T12:00:00Z", ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]),
            (
                "0,30 1 * * *", "Europe/Lisbon", "2026-03-28T12:00:00Z",
                ["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"]
            ),
            ("0 2 * * *", "Europe/Lisbon", "2026-03-28T12:00:00Z", ["2026-03-29T01:00:00Z", "2026-03-30T01:00:00Z"]),
            (
                "0 * * * *", "Europe/Lisbon", "2026-03-28T23:30:00Z",
                ["2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"]
            ),
            // Lisbon, autumn: 02:00 goes back to 01:00 on 25 October 2026.
            ("30 1 * * *", "Europe/Lisbon", "2026-10-24T12:00:00Z", ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]),
            ("30 1 * * *", "Europe/Lisbon", "2026-10-25T00:30:00Z", ["2026-10-26T01:30:00Z"]),
            (
                "30 * * * *", "Europe/Lisbon", "2026-10-24T23:00:00Z",
                ["2026-10-24T23:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"]
            ),
            // New York: 02:00 to 03:00 on 8 March, 02:00 to 01:00 on 1 November.
            (
                "15 2 * * *", "America/New_York", "2026-03-07T12:00:00Z",
                ["2026-03-08T07:00:00Z", "2026-03-09T06:15:00Z"]
            ),
            (
                "0 1 * * *", "America/New_York", "2026-10-31T12:00:00Z",
                ["2026-11-01T05:00:00Z", "2026-11-02T06:00:00Z"]
            ),
            (
                "0 */2 * * *", "America/New_York", "2026-03-08T04:30:00Z",
                ["2026-03-08T05:00:00Z", "2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z"]
            ),
            // Lord Howe moves by half an hour: 02:00 to 02:30 on 4 October, 02:00 to 01:30 on 5 April.
            (
                "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z",
                ["2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"]
            ),
            (
                "45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00:00Z",
                ["2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"]
            ),
            (
                "*/15 * * * *", "Australia/Lord_Howe", "2026-04-04T14:40:00Z",
                ["2026-04-04T14:45:00Z", "2026-04-04T15:00:00Z", "2026-04-04T15:15:00Z"]
            ),
            // Midnight itself is skipped in Santiago; a whole day was in Apia.
            (
                "0 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z",
                ["2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"]
            ),
            ("0 12 * * *", "Pacific/Apia", "2011-12-29T23:00:00Z", ["2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"]),
        ] as [(String, String, String, [String])]
    )
    func next(text: String, zoneName: String, after: String, expected: [String]) throws {
        let schedule = try CronSchedule(text)
        let zone = try systemZone(zoneName)
        var moment = try instant(after)
        var runs: [String] = []
        for _ in expected {
            moment = try #require(schedule.next(after: moment, in: zone))
            runs.append(moment.description)
        }
        #expect(runs == expected)
    }

    @Test(
        "the runs of a range are the same as following them one by one",
        arguments: [
            ("*/30 * * * *", "Europe/Lisbon", "2026-10-24T00:00:00Z"),
            ("17 1,2 * * *", "Australia/Lord_Howe", "2026-04-01T00:00:00Z"),
            ("0 0 * * *", "America/Santiago", "2026-09-01T00:00:00Z"),
            ("1 0 * * *", "America/St_Johns", "2006-10-26T00:00:00Z"),
            ("30 * * * *", "America/St_Johns", "2006-10-26T00:00:00Z"),
            ("*/30 * * * *", "America/St_Johns", "2006-10-26T00:00:00Z"),
            ("0 3 * * 1", "America/New_York", "2026-02-20T00:00:00Z"),
        ]
    )
    func occurrences(text: String, zoneName: String, from: String) throws {
        let schedule = try CronSchedule(text)
        let zone = try systemZone(zoneName)
        let start = try instant(from)
        let end = start + .seconds(12 * 86_400)
        var followed: [Instant] = []
        var moment = start - .microseconds(1)
        while let next = schedule.next(after: moment, in: zone), next < end {
            followed.append(next)
            moment = next
        }
        #expect(schedule.occurrences(from: start, to: end, in: zone) == followed)
        #expect(!followed.isEmpty)
    }

    @Test("a nightly schedule has a gap of 25 hours in autumn, except where clocks never change")
    func longestGap() throws {
        let start = try instant("2026-01-01T00:00:00Z")
        let nightly = try CronSchedule("0 3 * * *")
        let lisbon = try #require(nightly.longestGap(from: start, in: systemZone("Europe/Lisbon")))
        #expect(lisbon.length == .seconds(25 * 3600))
        #expect(lisbon.to.description == "2026-10-25T03:00:00Z")
        #expect(nightly.longestGap(from: start, in: .utc)?.length == .seconds(24 * 3600))
        #expect(
            try nightly.longestGap(from: start, in: systemZone("Australia/Lord_Howe"))?.length
                == .seconds(24 * 3600 + 1800)
        )
        #expect(
            try CronSchedule("@hourly").longestGap(from: start, in: systemZone("Europe/Lisbon"))?.length
                == .seconds(3600)
        )
        #expect(try CronSchedule("0 0 29 2 *").longestGap(from: start, in: .utc)?.length == .seconds(1461 * 86_400))
    }
}
