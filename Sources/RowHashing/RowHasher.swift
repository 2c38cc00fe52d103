import CXXHash
package import Model

/// Counts rows and adds up their hashes: what was copied out is compared with what came back by these two numbers.
///
/// The sum notices a row that is doubled, which an XOR would not. XXH3 guards against accidents, not against an
/// adversary: that is what the archives' authentication is for. A plain value; one thread at a time, like any.
package struct RowHasher: Sendable {
    /// The rows added so far.
    package private(set) var proof = RowProof()

    /// Starts with no rows.
    package init() {}

    /// Adds one row, without its line feed.
    package mutating func add(_ row: RawSpan) {
        let hash = row.withUnsafeBytes { cxxhash_xxh3_128($0.baseAddress, $0.count) }
        proof.rows += 1
        proof.sum &+= UInt128(hash.high64) << 64 | UInt128(hash.low64)
    }
}
