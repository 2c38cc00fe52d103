extension Instant: CustomStringConvertible {
    /// RFC 3339 in UTC, with as many fraction digits as needed (none, 3 or 6).
    package var description: String {
        let fraction = Int(microsecondsSinceEpoch - secondsSinceEpoch * 1_000_000)
        let suffix =
            fraction == 0
            ? "" : fraction % 1000 == 0 ? "." + padded(fraction / 1000, 3) : "." + padded(fraction, 6)
        let civil = CivilTime(secondsSinceEpoch: secondsSinceEpoch)
        return "\(padded(civil.year, 4))-\(padded(civil.month, 2))-\(padded(civil.day, 2))"
            + "T\(padded(civil.hour, 2)):\(padded(civil.minute, 2)):\(padded(civil.second, 2))\(suffix)Z"
    }

    /// Reads RFC 3339 (`T` or a space, `Z` or an offset, up to nine fraction digits); nil when it is anything else.
    package init?(_ text: String) {
        var scanner = DigitScanner(text)
        guard let civil = CivilTime(extendedIn: &scanner),
            let fraction = scanner.skip(".") ? scanner.millionths() : 0,
            let offset = Self.offsetSeconds(&scanner), scanner.isAtEnd
        else { return nil }
        self.init(microsecondsSinceEpoch: (civil.secondsSinceEpoch - offset) * 1_000_000 + Int64(fraction))
    }

    /// Reads the form without separators, `20261121T020000Z`, with no fraction or three digits of it.
    init?(compact text: String) {
        var scanner = DigitScanner(text)
        guard let civil = CivilTime(compactIn: &scanner),
            let milliseconds = scanner.skip(".") ? scanner.number(digits: 3) : 0,
            scanner.skip("Z"), scanner.isAtEnd
        else { return nil }
        self.init(microsecondsSinceEpoch: civil.secondsSinceEpoch * 1_000_000 + Int64(milliseconds) * 1000)
    }

    /// `Z`, or a sign, two digits of hours and perhaps two of minutes, with or without a colon.
    private static func offsetSeconds(_ scanner: inout DigitScanner) -> Int64? {
        if scanner.skip("Z", "z") { return 0 }
        let isWest = scanner.skip("-")
        guard isWest || scanner.skip("+"), let hours = scanner.number(digits: 2) else { return nil }
        var minutes = 0
        if scanner.skip(":") || !scanner.isAtEnd {
            guard let number = scanner.number(digits: 2), number < 60 else { return nil }
            minutes = number
        }
        let seconds = Int64(hours * 3600 + minutes * 60)
        return isWest ? -seconds : seconds
    }
}

extension CivilTime {
    /// Reads `2026-11-21T02:00:00`, also with `t` or a space between the halves; nil when there is no such time.
    fileprivate init?(extendedIn scanner: inout DigitScanner) {
        guard let year = scanner.number(digits: 4), scanner.skip("-"), let month = scanner.number(digits: 2),
            scanner.skip("-"), let day = scanner.number(digits: 2), scanner.skip("T", "t", " "),
            let hour = scanner.number(digits: 2), scanner.skip(":"), let minute = scanner.number(digits: 2),
            scanner.skip(":"), let second = scanner.number(digits: 2)
        else { return nil }
        self.init(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        guard isOnTheCalendar else { return nil }
    }

    /// Reads `20261121T020000`; nil when there is no such time.
    fileprivate init?(compactIn scanner: inout DigitScanner) {
        guard let year = scanner.number(digits: 4), let month = scanner.number(digits: 2),
            let day = scanner.number(digits: 2), scanner.skip("T"), let hour = scanner.number(digits: 2),
            let minute = scanner.number(digits: 2), let second = scanner.number(digits: 2)
        else { return nil }
        self.init(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        guard isOnTheCalendar else { return nil }
    }

    private var isOnTheCalendar: Bool {
        (1...12).contains(month) && (1...31).contains(day) && hour < 24 && minute < 60 && second < 60
            && CivilTime(secondsSinceEpoch: secondsSinceEpoch) == self
    }
}

extension Instant: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let instant = Instant(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is not an RFC 3339 time")
        }
        self = instant
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// `value` in decimal, with zeros in front up to `width`.
package func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}
