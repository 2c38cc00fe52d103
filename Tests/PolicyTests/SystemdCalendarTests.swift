import Model
import Policy
import Testing

@Suite("Schedules for systemd")
struct SystemdCalendarTests {
    private let now = Instant(secondsSinceEpoch: 1_795_000_000)

    @Test(
        "a schedule is translated where systemd runs it at the same instants",
        arguments: [
            ("0 3 * * *", "Europe/Lisbon", ["*-*-* 03:00:00 Europe/Lisbon"]),
            ("*/15 9-17 * * MON-FRI", "UTC", ["Mon,Tue,Wed,Thu,Fri *-*-* 09..17:00,15,30,45:00 UTC"]),
            ("30 1 * * *", "UTC", ["*-*-* 01:30:00 UTC"]),
            ("@monthly", "Europe/Lisbon", ["*-*-01 00:00:00 Europe/Lisbon"]),
            ("0 4 13 JUN-AUG FRI", "UTC", ["Fri *-06..08-* 04:00:00 UTC", "*-06..08-13 04:00:00 UTC"]),
            ("0 0 * * 0", "Asia/Tokyo", ["Sun *-*-* 00:00:00 Asia/Tokyo"]),
            ("30 1 15 * *", "Europe/Lisbon", ["*-*-15 01:30:00 Europe/Lisbon"]),
            ("@hourly", "Europe/Lisbon", ["*-*-* *:00:00 UTC"]),
            ("10 * * * *", "Asia/Kolkata", ["*-*-* *:40:00 UTC"]),
            ("10 * * * 1", "Asia/Tokyo", ["Mon *-*-* *:10:00 Asia/Tokyo"]),
        ]
    )
    func translated(text: String, zone: String, expected: [String]) throws {
        #expect(try CronSchedule(text).systemdCalendar(zone: systemZone(zone), now: now) == expected)
    }

    @Test(
        "a schedule that systemd would run at other instants is refused with the reason",
        arguments: [
            (
                "30 1 * * *", "Europe/Lisbon",
                "'30 1 * * *' has a run at 01:30, which clocks in Europe/Lisbon skip on 2027-03-28, and systemd would leave it out; "
                    + "choose a time that exists every day"
            ),
            (
                "0 * * * *", "Australia/Lord_Howe",
                "'0 * * * *' runs in every hour, and systemd leaves out what clocks in Australia/Lord_Howe repeat in autumn"
            ),
            (
                "0 * * * 0", "Europe/Lisbon",
                "'0 * * * 0' runs in every hour, and systemd leaves out what clocks in Europe/Lisbon repeat in autumn"
            ),
        ]
    )
    func refused(text: String, zone: String, message: String) throws {
        let rules = try systemZone(zone)
        let schedule = try CronSchedule(text)
        let error = #expect(throws: CronError.self) { try schedule.systemdCalendar(zone: rules, now: now) }
        #expect(error?.description == message)
    }
}
