import Policy
import Testing

@Suite("Cron lines")
struct CronParsingTests {
    @Test(
        "a line that cron accepts is accepted",
        arguments: [
            "0 2 * * *", "*/15 * * * *", "0 0 1,15 * MON", "30 4 * JAN-MAR sun", "0-30/10 8-18 * * 1-5", "0 0 * * 7",
            "0 0 29 2 *", "@daily", "@Hourly", "@yearly", "0 0 * * FRI-SUN", "0 0 30 2 MON", "\t5  4 * * * ",
        ]
    )
    func accepted(text: String) throws {
        #expect(try CronSchedule(text).text == text)
    }

    @Test(
        "a refused line names the field and what is allowed there",
        arguments: [
            ("60 * * * *", "the minute '60' is not allowed; it is 0-59, or *"),
            ("0 24 * * *", "the hour '24' is not allowed; it is 0-23, or *"),
            ("0 0 0 * *", "the day of the month '0' is not allowed; it is 1-31, or *"),
            ("0 0 * FOO *", "the month 'FOO' is not allowed; it is 1-12 or JAN-DEC, or *"),
            ("0 0 * * 8", "the day of the week '8' is not allowed; it is 0-7 or SUN-SAT, or *"),
            ("0 0 ? * *", "the day of the month '?' is not allowed; it is 1-31, or *"),
            ("0 , * * *", "the hour '' is not allowed; it is 0-23, or *"),
            ("*/0 * * * *", "the minute '*/0' has the step '0'; a step is 1-59"),
            ("*/90 * * * *", "the minute '*/90' has the step '90'; a step is 1-59"),
            ("5/15 * * * *", "the minute '5/15' steps from a single value; write 5-59/15"),
            ("1/2/3 * * * *", "the minute '1/2/3' has more than one step; write for example */15"),
            ("0 18-6 * * *", "the hour '18-6' runs backwards; write two ranges with a comma between them"),
            ("0 0 30 2 *", "'0 0 30 2 *' never happens: no month it names has such a day of the month"),
            ("0 0 31 2,4,6 *", "'0 0 31 2,4,6 *' never happens: no month it names has such a day of the month"),
            ("@reboot", "'@reboot' is not known; write @hourly, @daily, @weekly, @monthly, @yearly or five fields"),
            (
                "0 2 * *",
                "'0 2 * *' has 4 fields; a schedule has five: minute, hour, day of the month, month, day of the week"
            ),
            (
                "0 0 2 * * *",
                "'0 0 2 * * *' has 6 fields; a schedule has five: minute, hour, day of the month, month, day of the week"
            ),
            (
                "daily",
                "'daily' has 1 field; a schedule has five: minute, hour, day of the month, month, day of the week"
            ),
            ("0 +2 * * *", "the hour '+2' is not allowed; it is 0-23, or *"),
        ]
    )
    func refused(text: String, message: String) {
        let error = #expect(throws: CronError.self) { try CronSchedule(text) }
        #expect(error?.description == message)
    }
}
