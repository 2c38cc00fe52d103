import Diagnostics
import Glibc
import Model
import RowHashing

/// Cuts COPY text that arrives in arbitrary pieces into rows, and adds up their proof.
///
/// In COPY's text format a line break inside a value is written `\n`, so a raw one always ends a row. Holds at most one
/// incomplete row.
struct RowSplitter {
    private var hasher = RowHasher()
    private var incomplete: [UInt8] = []

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        while let end = Self.lineBreak(in: rest) {
            let row = UnsafeRawBufferPointer(rebasing: rest[..<end])
            if incomplete.isEmpty {
                hasher.add(row.bytes)
            } else {
                incomplete.append(contentsOf: row)
                incomplete.withUnsafeBytes { hasher.add($0.bytes) }
                incomplete.removeAll(keepingCapacity: incomplete.count <= 1 << 20)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[(end + 1)...])
        }
        incomplete.append(contentsOf: rest)
    }

    /// The proof of all rows; throws when the text ends inside a row.
    func finish() throws -> RowProof {
        guard incomplete.isEmpty else { throw Diagnostic(.objectCorrupt, "stored rows end in the middle of a row") }
        return hasher.proof
    }

    private static func lineBreak(in bytes: UnsafeRawBufferPointer) -> Int? {
        guard let start = bytes.baseAddress, let found = memchr(start, 10, bytes.count) else { return nil }
        return UnsafeRawPointer(found) - start
    }
}
