import CXXHash

/// Counts rows and adds up their hashes: what was copied out is compared with what came back by these two numbers.
///
/// The sum does not depend on the order of the rows, so parallel workers and a reordering restore give the same, and it
/// notices a row that is doubled, which an XOR would not. XXH3 guards against accidents, not against an adversary; the
/// archives' authentication does that.
package struct RowHasher: Sendable, Equatable {
    /// How many rows were added.
    package private(set) var rows: Int64 = 0
    /// The sum of the rows' XXH3-128 hashes, modulo 2^128.
    package private(set) var sum: UInt128 = 0

    /// Starts with no rows.
    package init() {}

    /// Adds one row, without its line feed.
    package mutating func add(_ row: RawSpan) {
        let hash = row.withUnsafeBytes { XXH3_128bits($0.baseAddress, $0.count) }
        rows += 1
        sum &+= UInt128(hash.high64) << 64 | UInt128(hash.low64)
    }
}
