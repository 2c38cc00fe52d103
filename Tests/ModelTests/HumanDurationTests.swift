import Model
import Testing

@Suite("Durations and sizes that people write and read")
struct HumanDurationTests {
    @Test(
        "a duration is read as people write it, and written back the same",
        arguments: [
            ("45s", 45, "45s"), ("90m", 5400, "1h30m"), ("1h30m", 5400, "1h30m"), ("24h", 86_400, "1d"),
            ("30d", 2_592_000, "30d"), ("2w", 1_209_600, "14d"), ("1 h 30 min", 5400, "1h30m"), ("0s", 0, "0s"),
            ("30 days", 2_592_000, "30d"),
        ]
    )
    func parse(text: String, seconds: Int, compact: String) throws {
        let duration = try Duration(human: text)
        #expect(duration == .seconds(seconds))
        #expect(duration.compactText == compact)
    }

    @Test(
        "a duration that cannot be read says what is expected",
        arguments: [
            ("", "'' is not a duration; write for example 90m, 24h or 30d"),
            ("30", "'30' has no unit; write 30s, 30m, 30h or 30d"),
            ("two hours", "'two hours' is not a duration; write whole numbers with units, like 1h30m or 30d"),
            ("-2h", "'-2h' is not a duration; write whole numbers with units, like 1h30m or 30d"),
            ("1.5h", "'1.5h' is not a duration; write whole numbers with units, like 1h30m or 30d"),
            ("3M", "'3M' has the unknown unit 'M'; the units are ms, s, m (minutes), h, d and w"),
            ("30m1h", "'30m1h' does not name its units from large to small, each once, like 1h30m"),
            ("1h1h", "'1h1h' does not name its units from large to small, each once, like 1h30m"),
            ("99999999999999999999d", "'99999999999999999999d' is longer than 1000 years"),
            ("9999999999999d", "'9999999999999d' is longer than 1000 years"),
        ]
    )
    func refuse(text: String, message: String) {
        let error = #expect(throws: QuantityError.self) { try Duration(human: text) }
        #expect(error?.description == message)
    }

    @Test(
        "a duration is shown in at most two units",
        arguments: [
            (0, "0 s"), (400, "under 1 ms"), (830_000, "830 ms"), (999_600, "1 s"), (2_449_000, "2.4 s"),
            (2_000_000, "2 s"),
            (9_960_000, "10 s"), (42_300_000, "42 s"), (59_700_000, "1 min"), (125_000_000, "2 min 5 s"),
            (3_599_600_000, "1 h"), (5_400_000_000, "1 h 30 min"), (90_000_000_000, "25 h"), (86_400_000_000, "24 h"),
            (2_592_000_000_000, "30 days"), (180_000_000_000, "2 days 2 h"), (-5_400_000_000, "-1 h 30 min"),
        ] as [(Int64, String)]
    )
    func words(microseconds: Int64, expected: String) {
        #expect(Duration.microseconds(microseconds).inWords == expected)
    }

    @Test("a duration is shown in one unit with one decimal")
    func oneUnit() {
        #expect(Duration.seconds(12_960).inOneUnit == "3.6 h")
        #expect(Duration.seconds(2592).inOneUnit == "43.2 min")
        #expect(Duration.seconds(12 * 86_400).inOneUnit == "12 days")
        #expect(Duration.seconds(86_400).inOneUnit == "24 h")
        #expect(Duration.milliseconds(250).inOneUnit == "250 ms")
        #expect(Duration.zero.inOneUnit == "0 s")
    }

    @Test(
        "a size is read and shown in decimal units",
        arguments: [
            ("500MB", 500_000_000, "500 MB"), ("1.2 GB", 1_200_000_000, "1.2 GB"), ("64MiB", 67_108_864, "67 MB"),
            ("0B", 0, "0 B"), ("999 B", 999, "999 B"), ("1kb", 1000, "1 kB"), ("2TB", 2_000_000_000_000, "2 TB"),
        ] as [(String, Int64, String)]
    )
    func sizes(text: String, bytes: Int64, shown: String) throws {
        #expect(try ByteCount(human: text).bytes == bytes)
        #expect(ByteCount(bytes).description == shown)
    }

    @Test("a size rounds up into the next unit instead of showing 1000 of one")
    func sizeRounding() {
        #expect(ByteCount(999_600).description == "1 MB")
        #expect(ByteCount(9_960).description == "10 kB")
        #expect(ByteCount(-1_500_000).description == "-1.5 MB")
        #expect(ByteCount(.min).description == "-9223 PB")
    }

    @Test(
        "a size that cannot be read says what is expected",
        arguments: ["", "12", "MB", "-1MB", "1.2345GB", "9e9GB", "5 PX"]
    )
    func refuseSize(text: String) {
        #expect(throws: QuantityError.self) { try ByteCount(human: text) }
    }
}
