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
        guard text.utf8.count == 32, let value = UInt128(text, radix: 16) else {
            throw DecodingError.dataCorruptedError(forKey: .sum, in: container, debugDescription: "not 32 hex digits")
        }
        sum = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(rows, forKey: .rows)
        let digits = String(sum, radix: 16)
        try container.encode(String(repeating: "0", count: 32 - digits.count) + digits, forKey: .sum)
    }
}
