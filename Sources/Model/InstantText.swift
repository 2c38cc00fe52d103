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
        let pattern = /(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d(?::?\d\d)?)/
        guard let match = text.wholeMatch(of: pattern)?.output,
            let year = Int(match.1), let month = Int(match.2), let day = Int(match.3),
            let hour = Int(match.4), let minute = Int(match.5), let second = Int(match.6),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        let civil = CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        guard CivilTime(secondsSinceEpoch: civil.secondsSinceEpoch) == civil else { return nil }
        let digits = String(match.7 ?? "").prefix(6)
        let fraction = Int64(digits + String(repeating: "0", count: 6 - digits.count)) ?? 0
        guard let offset = Self.offsetSeconds(String(match.8)) else { return nil }
        self.init(microsecondsSinceEpoch: (civil.secondsSinceEpoch - offset) * 1_000_000 + fraction)
    }

    private static func offsetSeconds(_ text: String) -> Int64? {
        if text == "Z" || text == "z" { return 0 }
        let digits = text.dropFirst().filter { $0 != ":" }
        guard let hours = Int64(digits.prefix(2)), let minutes = Int64("0" + digits.dropFirst(2)), minutes < 60 else {
            return nil
        }
        return (text.hasPrefix("-") ? -1 : 1) * (hours * 3600 + minutes * 60)
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
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
