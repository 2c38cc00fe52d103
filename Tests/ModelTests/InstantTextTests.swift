import Model
import Testing

@Suite("Instants, slots and archive names as text")
struct InstantTextTests {
    @Test("an instant comes back from its text, whatever the year and the fraction")
    func instantRoundTrip() {
        let first = CivilTime(year: 0, month: 1, day: 1).secondsSinceEpoch * 1_000_000
        let last = CivilTime(year: 10_000, month: 1, day: 1).secondsSinceEpoch * 1_000_000
        for round in 0..<5000 {
            let unit: Int64 = [1, 1000, 1_000_000][round % 3]
            let instant = Instant(microsecondsSinceEpoch: Int64.random(in: first / unit..<last / unit) * unit)
            #expect(Instant(instant.description) == instant)
            #expect(Slot(Slot(instant).description) == Slot(instant))
        }
    }

    @Test(
        "fractions of one to nine digits are read to the microsecond",
        arguments: [
            ("1", 100_000), ("12", 120_000), ("123", 123_000), ("1234", 123_400), ("12345", 123_450),
            ("123456", 123_456), ("1234567", 123_456), ("12345678", 123_456), ("123456789", 123_456),
            ("000000999", 0), ("000001", 1), ("999999999", 999_999),
        ]
    )
    func fractions(digits: String, microseconds: Int64) {
        let second = Instant(secondsSinceEpoch: 1_795_244_400)
        let expected = Instant(microsecondsSinceEpoch: second.microsecondsSinceEpoch + microseconds)
        #expect(Instant("2026-11-21T07:00:00.\(digits)Z") == expected)
        #expect(Instant("2026-11-21T09:00:00.\(digits)+02:00") == expected)
    }

    @Test(
        "every spelling of one instant is read",
        arguments: [
            "2026-11-21T07:00:00Z", "2026-11-21t07:00:00z", "2026-11-21 07:00:00Z", "2026-11-21T12:30:00+05:30",
            "2026-11-21T12:30:00+0530", "2026-11-21T02:00:00-05", "2026-11-20T23:30:00-07:30",
            "2026-11-21T07:00:00+00", "2026-11-21T07:00:00-00:00", "2026-11-21T07:00:00.0Z", "20261121T070000Z",
            "20261121T070000.000Z",
        ]
    )
    func spellings(text: String) {
        #expect(Slot(text)?.instant == Instant(secondsSinceEpoch: 1_795_244_400))
        #expect(Instant(text) == (text.contains("-") ? Instant(secondsSinceEpoch: 1_795_244_400) : nil))
    }

    @Test("leap days exist in leap years only")
    func leapDays() {
        for year in [2000, 2004, 2024, 2400] {
            #expect(Instant("\(year)-02-29T00:00:00Z") != nil)
            #expect(Slot("\(year)0229T000000Z") != nil)
        }
        for year in [1900, 2023, 2026, 2100] {
            #expect(Instant("\(year)-02-29T00:00:00Z") == nil)
            #expect(Slot("\(year)0229T000000Z") == nil)
        }
    }

    @Test(
        "anything else is no instant",
        arguments: [
            "", "2026", "2026-11-21", "2026-11-21T07:00Z", "2026-11-21T07:00:00", "2026-11-21T07:00:00+",
            "2026-11-21T07:00:00+5", "2026-11-21T07:00:00+05:", "2026-11-21T07:00:00+05:3",
            "2026-11-21T07:00:00+05:60", "2026-11-21T07:00:00+053", "2026-11-21T07:00:00+05:300",
            "2026-11-21T07:00:00.Z", "2026-11-21T07:00:00.1234567890Z", "2026-11-21T07:00:00,5Z",
            "2026-11-21T24:00:00Z", "2026-11-21T07:60:00Z", "2026-11-21T07:00:60Z", "2026-00-21T07:00:00Z",
            "2026-13-21T07:00:00Z", "2026-11-00T07:00:00Z", "2026-11-31T07:00:00Z", "2026-11-32T07:00:00Z",
            " 2026-11-21T07:00:00Z", "2026-11-21T07:00:00Z ", "2026-11-21T07:00:00ZZ", "2026-11-21T07:00:00Z\n",
            "2026-11-21T07:00:00Z\u{301}", "2026-11-21T07:00:0\u{301}0Z", "2026-11-21  07:00:00Z",
            "+026-11-21T07:00:00Z", "-026-11-21T07:00:00Z", "2026-+1-21T07:00:00Z", "12026-11-21T07:00:00Z",
            "٢٠٢٦-11-21T07:00:00Z", "２０２６-11-21T07:00:00Z", "2026/11/21T07:00:00Z", "2026-11-21T07.00.00Z",
            "2026-11-21T07:00:00\u{0}Z",
        ]
    )
    func noInstant(text: String) {
        #expect(Instant(text) == nil)
        #expect(Slot(text) == nil)
    }

    @Test(
        "anything else is no compact slot",
        arguments: [
            "20261121T070000", "20261121t070000Z", "20261121T070000z", "20261121 070000Z", "20261121T070000.Z",
            "20261121T070000.1Z", "20261121T070000.12Z", "20261121T070000.1234Z", "20261121T070000.123",
            "20261121T070000+00", "20261121T240000Z", "20261131T070000Z", "2026-1121T070000Z",
            "20261121T07:0000Z", "20261121T070000ZZ", "20261121T070000Z\u{301}", "２0261121T070000Z",
        ]
    )
    func noCompactSlot(text: String) {
        #expect(Slot(text) == nil)
    }

    @Test("an archive's name is 32 small hexadecimal digits and nothing else")
    func archiveNames() {
        let name = "0123456789abcdef0123456789abcdef"
        #expect(ArchiveID(name)?.text == name)
        let long = name + "0"
        #expect(ArchiveID("") == nil && ArchiveID(String(name.dropLast())) == nil && ArchiveID(long) == nil)
        #expect(ArchiveID(name.uppercased()) == nil)
        for ending in ["g", "A", "/", ":", "`", "０", " ", "\n", "f\u{301}", "\u{0}"] {
            #expect(ArchiveID(String(name.dropLast()) + ending) == nil, "ending in '\(ending)'")
        }
        #expect(ArchiveID(String(name.dropLast(2)) + "é") == nil)
    }
}
