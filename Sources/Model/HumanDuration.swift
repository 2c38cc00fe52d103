/// Why a text is not a quantity; the description says what is expected.
package struct QuantityError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    /// Creates an error with its full text.
    package init(_ description: String) { self.description = description }
}

extension Duration {
    /// Reads a duration as people write it in settings: `45s`, `90m`, `1h30m`, `30d`, `2w`, `250ms`.
    ///
    /// Units stand in descending order, each at most once; what `inWords` prints for whole units is read back too.
    package init(human text: String) throws(QuantityError) {
        var rest = text.filter { $0 != " " }[...]
        guard !rest.isEmpty else {
            throw QuantityError("'\(text)' is not a duration; write for example 90m, 24h or 30d")
        }
        var milliseconds: Int64 = 0
        var previousUnit = Int64.max
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            let name = String(rest.prefix { $0.isLetter })
            rest = rest.dropFirst(name.count)
            guard !digits.isEmpty, !name.isEmpty || rest.isEmpty else {
                throw QuantityError("'\(text)' is not a duration; write whole numbers with units, like 1h30m or 30d")
            }
            let unit = try Self.milliseconds(perUnit: name, after: digits, in: text)
            guard unit < previousUnit else {
                throw QuantityError("'\(text)' does not name its units from large to small, each once, like 1h30m")
            }
            previousUnit = unit
            guard let count = Int64(digits), let total = Self.sum(milliseconds, count, unit) else {
                throw QuantityError("'\(text)' is longer than 1000 years")
            }
            milliseconds = total
        }
        self = .milliseconds(milliseconds)
    }

    private static func milliseconds(
        perUnit name: String,
        after digits: Substring,
        in text: String
    ) throws(QuantityError) -> Int64 {
        switch name {
        case "ms": return 1
        case "s": return 1000
        case "m", "min": return 60_000
        case "h": return 3_600_000
        case "d", "day", "days": return 86_400_000
        case "w": return 604_800_000
        case "": throw QuantityError("'\(text)' has no unit; write \(digits)s, \(digits)m, \(digits)h or \(digits)d")
        default:
            throw QuantityError(
                "'\(text)' has the unknown unit '\(name)'; the units are ms, s, m (minutes), h, d and w"
            )
        }
    }

    /// `total + count * unit`, nil above 1000 years.
    private static func sum(_ total: Int64, _ count: Int64, _ unit: Int64) -> Int64? {
        let (product, productOverflow) = count.multipliedReportingOverflow(by: unit)
        let (sum, sumOverflow) = total.addingReportingOverflow(product)
        guard !productOverflow, !sumOverflow, sum <= 31_557_600_000_000 else { return nil }
        return sum
    }
}

extension Duration {
    /// The duration in at most two units, rounded to the smaller one: `830 ms`, `2.4 s`, `2 min 5 s`, `1 h 30 min`,
    /// `25 h`, `30 days`.
    package var inWords: String {
        let microseconds = wholeMicroseconds
        if microseconds < 0 { return "-" + (.zero - self).inWords }
        if microseconds == 0 { return "0 s" }
        if microseconds < 999_500 {
            let milliseconds = (microseconds + 500) / 1000
            return milliseconds == 0 ? "under 1 ms" : "\(milliseconds) ms"
        }
        if microseconds < 9_950_000 {
            let tenths = (microseconds + 50_000) / 100_000
            return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
        }
        let seconds = (microseconds + 500_000) / 1_000_000
        if seconds < 3600 { return Self.pair(seconds, per: 60, "min", "s") }
        let minutes = (seconds + 30) / 60
        if minutes < 48 * 60 { return Self.pair(minutes, per: 60, "h", "min") }
        return Self.pair((minutes + 30) / 60, per: 24, "days", "h")
    }

    private static func pair(_ value: Int64, per size: Int64, _ large: String, _ small: String) -> String {
        let (whole, part) = (value / size, value % size)
        if whole == 0 { return "\(part) \(small)" }
        return part == 0 ? "\(whole) \(large)" : "\(whole) \(large) \(part) \(small)"
    }

    /// The duration in its largest unit with at most one decimal: `3.6 h`, `43.2 min`, `12 days`.
    package var inOneUnit: String {
        let units: [(name: String, microseconds: Double)] = [
            ("days", 86_400e6), ("h", 3600e6), ("min", 60e6), ("s", 1e6), ("ms", 1e3),
        ]
        let magnitude = Double(wholeMicroseconds.magnitude)
        let unit =
            units.first { magnitude >= $0.microseconds * ($0.name == "days" ? 2 : 1) }
            ?? (magnitude == 0 ? units[3] : units[4])
        return (wholeMicroseconds < 0 ? "-" : "") + withOneDecimal(magnitude / unit.microseconds) + " " + unit.name
    }

    /// The duration as settings write it, exact to the millisecond: `1h30m`, `30d`.
    ///
    /// A negative duration is `0s`.
    package var compactText: String {
        var rest = wholeMicroseconds / 1000
        var text = ""
        for (name, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)]
            as [(String, Int64)]
        where rest >= size {
            text += "\(rest / size)\(name)"
            rest %= size
        }
        return text.isEmpty ? "0s" : text
    }
}

extension KeyedDecodingContainer {
    /// The duration written as people write it under `key`; nil when the key is absent or null.
    package func decodeHumanDurationIfPresent(forKey key: Key) throws -> Duration? {
        guard let text = try decodeIfPresent(String.self, forKey: key) else { return nil }
        do {
            return try Duration(human: text)
        } catch {
            throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: error.description)
        }
    }
}

extension KeyedEncodingContainer {
    /// Writes the duration as people write it; nothing when it is nil.
    package mutating func encodeHumanDurationIfPresent(_ duration: Duration?, forKey key: Key) throws {
        try encodeIfPresent(duration?.compactText, forKey: key)
    }
}
