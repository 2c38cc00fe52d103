/// A number of bytes; shown in decimal units (1 kB is 1000 bytes), as disks and clouds sell them.
package struct ByteCount: Sendable, Hashable, Comparable {
    package var bytes: Int64

    /// Creates a byte count.
    package init(_ bytes: Int64) { self.bytes = bytes }

    /// Reads `500MB`, `1.5 GB`, `64 MiB` or `0 B`; decimal units count in thousands, `KiB` to `TiB` in 1024s.
    package init(human text: String) throws(QuantityError) {
        let pattern = /([0-9]+)(?:\.([0-9]{1,3}))?\s*([A-Za-z]*)/
        guard let match = text.wholeMatch(of: pattern)?.output, let whole = Int64(match.1) else {
            throw QuantityError("'\(text)' is not a size; write for example 500MB or 1.5GB")
        }
        guard !match.3.isEmpty else { throw QuantityError("'\(text)' has no unit; write \(text)MB or \(text)GB") }
        guard let unit = Self.units[match.3.lowercased()] else {
            throw QuantityError(
                "'\(text)' has the unknown unit '\(match.3)'; the units are B, kB, MB, GB, TB and KiB, MiB, GiB, TiB"
            )
        }
        let decimals = match.2 ?? ""
        let thousandths = Int64(decimals + String(repeating: "0", count: 3 - decimals.count)) ?? 0
        let (product, overflow) = whole.multipliedReportingOverflow(by: unit)
        guard !overflow, product < 1_000_000_000_000_000_000 else {
            throw QuantityError("'\(text)' is over 1000000 TB")
        }
        self.init(product + thousandths * unit / 1000)
    }

    private static let units: [String: Int64] = [
        "b": 1, "kb": 1000, "mb": 1_000_000, "gb": 1_000_000_000, "tb": 1_000_000_000_000,
        "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
    ]

    package static func < (a: ByteCount, b: ByteCount) -> Bool { a.bytes < b.bytes }
    package static func + (a: ByteCount, b: ByteCount) -> ByteCount { ByteCount(a.bytes + b.bytes) }
}

extension ByteCount: CustomStringConvertible {
    /// `512 B`, `1.2 GB`, `340 MB`: one decimal below ten of a unit.
    package var description: String {
        if bytes < 0 { return "-" + ByteCount(-max(bytes, -.max)).description }
        if bytes < 1000 { return "\(bytes) B" }
        var value = Double(bytes)
        for unit in ["kB", "MB", "GB", "TB", "PB"] {
            value /= 1000
            if value < 9.95 { return withOneDecimal(value) + " " + unit }
            if value < 999.5 { return "\(Int(value.rounded())) \(unit)" }
        }
        return "\(Int(value.rounded())) PB"
    }
}

extension ByteCount: Codable {
    /// Reads a number of bytes or a text such as `500MB`.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let bytes = try? container.decode(Int64.self) {
            self.init(bytes)
            return
        }
        do {
            try self.init(human: container.decode(String.self))
        } catch let error as QuantityError {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
        }
    }

    /// Writes the number of bytes.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(bytes)
    }
}

/// A non-negative value with one decimal, which is left out when it is zero.
func withOneDecimal(_ value: Double) -> String {
    let tenths = Int64((value * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
}
