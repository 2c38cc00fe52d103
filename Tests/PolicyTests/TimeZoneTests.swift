import FoundationEssentials
import Model
import TestSupport
import Testing

@testable import Policy

/// Reads a zone of the system's database (package tzdata).
func systemZone(_ name: String) throws -> TimeZoneRules {
    try TimeZoneRules.load(name) { try [UInt8](Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/" + $0))) }
}

func instant(_ text: String) throws -> Instant { try #require(Instant(text)) }

/// `2026-03-29 01:30`.
func civil(_ text: String) throws -> CivilTime {
    CivilTime(secondsSinceEpoch: try instant(text + ":00Z").secondsSinceEpoch)
}

@Suite("Time zones")
struct TimeZoneTests {
    @Test(
        "the offset at an instant follows the zone's history and its rule for the far future",
        arguments: [
            ("Europe/Lisbon", "2026-01-15T12:00:00Z", 0), ("Europe/Lisbon", "2026-07-15T12:00:00Z", 3600),
            ("Europe/Lisbon", "2026-03-29T00:59:59Z", 0), ("Europe/Lisbon", "2026-03-29T01:00:00Z", 3600),
            ("Europe/Lisbon", "2026-10-25T00:59:59Z", 3600), ("Europe/Lisbon", "2026-10-25T01:00:00Z", 0),
            ("Europe/Lisbon", "2190-07-15T12:00:00Z", 3600), ("Europe/Lisbon", "2190-12-31T12:00:00Z", 0),
            ("America/New_York", "2026-03-08T06:59:59Z", -18_000),
            ("America/New_York", "2026-03-08T07:00:00Z", -14_400),
            ("America/New_York", "2099-07-01T00:00:00Z", -14_400),
            ("America/New_York", "1850-01-01T00:00:00Z", -17_762),
            ("Australia/Lord_Howe", "2026-06-01T00:00:00Z", 37_800),
            ("Australia/Lord_Howe", "2026-12-01T00:00:00Z", 39_600),
            ("Australia/Lord_Howe", "2060-01-01T00:00:00Z", 39_600), ("Asia/Tokyo", "2200-01-01T00:00:00Z", 32_400),
            ("Europe/Dublin", "2050-01-01T00:00:00Z", 0), ("Europe/Dublin", "2050-07-01T00:00:00Z", 3600),
            ("UTC", "2026-01-01T00:00:00Z", 0), ("Etc/UTC", "2026-01-01T00:00:00Z", 0),
        ]
    )
    func offsets(name: String, at text: String, expected: Int) throws {
        #expect(try systemZone(name).offset(at: instant(text)) == expected)
    }

    @Test(
        "an instant is among those that its own wall clock reading resolves to",
        arguments: ["Europe/Lisbon", "America/Santiago", "Africa/Casablanca"]
    )
    func roundTrip(name: String) throws {
        let zone = try systemZone(name)
        let start = try instant("1970-01-01T00:00:00Z")
        for step in 0..<20_000 {
            let moment = start + .seconds(step * 86_400 / 2 + step * 61)
            let whole = Instant(secondsSinceEpoch: moment.secondsSinceEpoch)
            #expect(zone.resolve(zone.civil(at: whole)).instants.contains(whole))
        }
    }

    @Test("a time that spring skips is a gap, one that autumn repeats is ambiguous, all others are unique")
    func resolution() throws {
        let lisbon = try systemZone("Europe/Lisbon")
        #expect(
            lisbon.resolve(try civil("2026-03-29 01:30"))
                == .gap(
                    before: try civil("2026-03-29 01:00"),
                    after: try civil("2026-03-29 02:00"),
                    at: try instant("2026-03-29T01:00:00Z")
                )
        )
        #expect(
            lisbon.resolve(try civil("2026-10-25 01:30"))
                == .ambiguous(first: try instant("2026-10-25T00:30:00Z"), second: try instant("2026-10-25T01:30:00Z"))
        )
        #expect(lisbon.resolve(try civil("2026-10-25 02:00")) == .unique(try instant("2026-10-25T02:00:00Z")))
        #expect(lisbon.resolve(try civil("2026-07-01 00:00")) == .unique(try instant("2026-06-30T23:00:00Z")))
        let howe = try systemZone("Australia/Lord_Howe")
        #expect(
            howe.resolve(try civil("2026-04-05 01:45"))
                == .ambiguous(first: try instant("2026-04-04T14:45:00Z"), second: try instant("2026-04-04T15:15:00Z"))
        )
        let apia = try systemZone("Pacific/Apia")
        #expect(apia.resolve(try civil("2011-12-30 12:00")).appointment == (try instant("2011-12-30T10:00:00Z")))
    }

    @Test(
        "a rule with quoted names, negative times, Julian days or daylight time all year is understood",
        arguments: [
            ("<+0330>-3:30", "2100-01-01T00:00:00Z", 12_600),
            ("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2100-07-01T00:00:00Z", -7200),
            ("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2100-01-01T00:00:00Z", -10_800),
            ("EST5EDT,J60/0,J300/0", "2100-03-01T05:00:00Z", -14_400),
            ("EST5EDT,J60/0,J300/0", "2100-03-01T04:59:59Z", -18_000),
            ("EST5EDT,59/0,300/0", "2104-02-29T05:00:00Z", -14_400),
            ("EST5EDT,J60/0,J300/0", "2104-02-29T12:00:00Z", -18_000),
            ("XXX3EDT4,0/0,J365/23", "2100-01-01T12:00:00Z", -14_400),
            ("XXX3EDT4,0/0,J365/23", "2100-12-31T23:59:59Z", -14_400),
        ]
    )
    func recurringRules(text: String, at moment: String, expected: Int64) throws {
        let rule = try RecurringOffsetText.parse(text)
        #expect(rule.offset(atSecond: try instant(moment).secondsSinceEpoch) == expected)
    }

    @Test("a zone file cut anywhere is refused, never misread")
    func truncated() throws {
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Lisbon")))
        for length in 0..<bytes.count {
            #expect(throws: TimeZoneError.self) { try TimeZoneRules(name: "cut", tzif: Array(bytes.prefix(length))) }
        }
    }

    @Test("a zone file with any byte damaged is refused or read, and never ends the program")
    func damaged() throws {
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Lisbon")))
        var random = SeededGenerator(seed: 7)
        let moment = try instant("2026-11-21T10:00:00Z")
        var refused = 0
        for _ in 0..<300 {
            var damaged = bytes
            for _ in 0...random.int(0...2) { damaged[random.int(0...bytes.count - 1)] = UInt8(random.int(0...255)) }
            do {
                let zone = try TimeZoneRules(name: "damaged", tzif: damaged)
                _ = zone.resolve(zone.civil(at: moment))
            } catch {
                refused += 1
            }
        }
        #expect(refused > 0)
    }

    @Test(
        "a name that leaves the zone database is never read",
        arguments: ["../etc/passwd", "/etc/passwd", "", "Europe//Lisbon", "a b"]
    )
    func hostileNames(name: String) {
        #expect(throws: TimeZoneError.self) {
            try TimeZoneRules.load(name) { name in
                Issue.record("read \(name)")
                return []
            }
        }
    }
}
