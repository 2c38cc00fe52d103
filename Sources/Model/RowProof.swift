/// What a set of rows must add up to: their number and the wrapping sum of their 128-bit hashes.
///
/// The sum does not depend on the order of the rows, so it is the same on the source and on a restored copy, and proofs of
/// disjoint sets add up to the proof of their union.
package struct RowProof: Sendable, Hashable {
    package var rows: Int64
    package var sum: UInt128

    /// Creates a proof; of no rows by default.
    package init(rows: Int64 = 0, sum: UInt128 = 0) {
        self.rows = rows
        self.sum = sum
    }

    /// The proof of the union of two disjoint sets.
    package static func + (a: RowProof, b: RowProof) -> RowProof {
        RowProof(rows: a.rows + b.rows, sum: a.sum &+ b.sum)
    }
}

extension RowProof: Codable {
    private enum CodingKeys: String, CodingKey {
        case rows
        case sum
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        rows = try container.decode(Int64.self, forKey: .rows)
        let text = try container.decode(String.self, forKey: .sum)
        guard let value = Self.sum(text) else {
            throw DecodingError.dataCorruptedError(forKey: .sum, in: container, debugDescription: "not 32 hex digits")
        }
        sum = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(rows, forKey: .rows)
        try container.encode(sumText, forKey: .sum)
    }

    /// The sum that 32 hex digits mean; nil when they are anything else.
    static func sum(_ text: String) -> UInt128? {
        guard text.utf8.count == 32 else { return nil }
        var sum: UInt128 = 0
        for byte in text.utf8 {
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x61...0x66: digit = byte - 0x57
            case 0x41...0x46: digit = byte - 0x37
            default: return nil
            }
            sum = sum << 4 | UInt128(digit)
        }
        return sum
    }

    /// The sum as 32 hex digits.
    var sumText: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(unsafeUninitializedCapacity: 32) { text in
            for place in 0..<32 { text[place] = digits[Int(truncatingIfNeeded: sum >> (4 * UInt128(31 - place)) & 15)] }
            return 32
        }
    }
}
