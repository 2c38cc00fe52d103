import Archives
import Compression
import Diagnostics
import Glibc
import Model
import PostgresClient
import RowHashing
import Streams

/// What became of the rows of one range.
struct PackedRange: Sendable, Hashable {
    var proof: RowProof
    var textBytes: Int64
    /// Where it lies in each destination that takes it, by index.
    var locations: [Int: ArchiveLocation]
    /// The destinations that had it already, where nothing was written.
    var unchanged: Set<Int> = []
}

/// Rows in, members out: hashed, cut into pieces of bounded size, compressed, checked, packed.
///
/// One thread. Holds two members and one compressed member, 12 MiB, whatever the table's size; libpq holds one row
/// besides, which may have a gigabyte.
final class RowPipeline {
    /// COPY text per member; a member may begin and end inside a row.
    static let memberBytes = 4 << 20

    private let lanes: ArchiveLanes
    private let compressor: MemberCompressor
    private let decompressor: MemberDecompressor
    private let text = IOBuffer(capacity: memberBytes)
    private let packed = IOBuffer(capacity: MemberCompressor.bound(memberBytes))
    private let unpacked = IOBuffer(capacity: memberBytes)
    private let stored = StoredTextCheck()
    /// The rows of one small table.
    private var held: [UInt8] = []
    /// Called after each member, with the rows and bytes since the last call.
    private let afterMember: (_ rows: Int64, _ bytes: Int64) throws -> Void

    init(
        into lanes: ArchiveLanes,
        level: Int,
        afterMember: @escaping (_ rows: Int64, _ bytes: Int64) throws -> Void
    ) throws {
        self.lanes = lanes
        self.afterMember = afterMember
        compressor = try MemberCompressor(level: level)
        decompressor = try MemberDecompressor()
    }

    /// Packs the rows of the next COPY of `series`, for all `destinations` at once.
    ///
    /// Returns only when the server has said that the COPY is complete and how many rows it sent, and as many came.
    /// The proof covers each row's COPY text without the line feed that ends it.
    func copy(
        _ series: CopySeries,
        as content: MemberName.Content,
        from block: Int64,
        to destinations: [Destination]
    ) throws -> PackedRange {
        guard let first = UInt32(exactly: block) else {
            throw Diagnostic(.internalError, "block \(block) is beyond every table")
        }
        var hasher = RowHasher()
        var textBytes: Int64 = 0
        let locations = try lanes.range(for: destinations) { write in
            var cutter = MemberCutter(content: content, range: first)
            _ = try series.next { row in
                hasher.add(row.extracting(droppingLast: 1))
                textBytes += Int64(row.byteCount)
                try append(row, &cutter, write)
            }
            try flush(&cutter, rows: hasher.proof.rows, write)
        }
        return PackedRange(
            proof: hasher.proof,
            textBytes: textBytes,
            locations: locations
        )
    }

    /// Packs the rows of the next COPY of `series`, and writes them where `stored` is something else.
    ///
    /// For tables of a few rows only: they are held as a whole.
    func copy(
        _ series: CopySeries,
        as content: MemberName.Content,
        to destinations: [Destination],
        unless stored: [Int: StoredText]
    ) throws -> PackedRange {
        var hasher = RowHasher()
        held.removeAll(keepingCapacity: held.capacity <= Self.memberBytes)
        _ = try series.next { row in
            hasher.add(row.extracting(droppingLast: 1))
            row.withUnsafeBytes { held.append(contentsOf: $0) }
        }
        var result = PackedRange(proof: hasher.proof, textBytes: Int64(held.count), locations: [:])
        for (index, text) in try unchanged(result, content, stored) {
            result.locations[index] = text.range.location
            result.unchanged.insert(index)
        }
        let takers = destinations.filter { !result.unchanged.contains($0.index) }
        guard !takers.isEmpty else {
            try afterMember(result.proof.rows, result.textBytes)
            return result
        }
        let written = try lanes.range(for: takers) { write in
            var cutter = MemberCutter(content: content, range: 0)
            try held.withUnsafeBytes { try append($0.bytes, &cutter, write) }
            try flush(&cutter, rows: result.proof.rows, write)
        }
        result.locations.merge(written) { _, new in new }
        return result
    }

    /// The destinations that hold exactly what was just read.
    private func unchanged(
        _ range: PackedRange,
        _ content: MemberName.Content,
        _ stored: [Int: StoredText]
    ) throws -> [Int: StoredText] {
        let alike = stored.filter { $0.value.range.proof == range.proof && $0.value.range.textBytes == range.textBytes }
        guard !alike.isEmpty, !held.isEmpty, held.count <= Self.memberBytes else { return [:] }
        let length = try held.withUnsafeBytes { try compressor.compress($0, into: packed.storage) }
        let name = try MemberName(content, range: 0, part: 0)
        return try alike.filter { try self.stored.isSame(packed.prefix(length), named: name, as: $0.value) }
    }

    /// A range that is known to hold nothing.
    func empty(to destinations: [Destination]) throws -> PackedRange {
        PackedRange(proof: RowProof(), textBytes: 0, locations: try lanes.range(for: destinations) { _ in })
    }

    /// Ends every archive that is being written.
    func finish() throws { try lanes.finish() }

    private typealias MemberWriter = (MemberName, UnsafeRawBufferPointer) throws -> Void

    private func append(_ row: RawSpan, _ cutter: inout MemberCutter, _ write: MemberWriter) throws {
        cutter.rows += 1
        try row.withUnsafeBytes { row in
            var rest = row
            while !rest.isEmpty {
                let part = UnsafeRawBufferPointer(rebasing: rest.prefix(text.storage.count - cutter.filled))
                UnsafeMutableRawBufferPointer(rebasing: text.storage[cutter.filled...]).copyMemory(from: part)
                cutter.filled += part.count
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(part.count))
                if cutter.filled == text.storage.count { try flush(&cutter, rows: cutter.rows, write) }
            }
        }
    }

    private func flush(_ cutter: inout MemberCutter, rows: Int64, _ write: MemberWriter) throws {
        guard cutter.filled > 0 else { return }
        let member = text.prefix(cutter.filled)
        let length = try compressor.compress(member, into: packed.storage)
        let compressed = packed.prefix(length)
        let name = try cutter.next()
        try check(compressed, against: member, name)
        try write(name, compressed)
        try afterMember(rows - cutter.reported, Int64(cutter.filled))
        cutter.reported = rows
        cutter.filled = 0
    }

    /// A compressor that writes what cannot be read back has cost others their backups; the check costs little.
    private func check(
        _ compressed: UnsafeRawBufferPointer,
        against text: UnsafeRawBufferPointer,
        _ name: MemberName
    ) throws {
        let length = try decompressor.decompress(compressed, into: unpacked.storage, named: name.text)
        guard length == text.count, unpacked.prefix(length).elementsEqualFast(text) else {
            throw Diagnostic(
                .internalError,
                "compressed data does not give back what went in",
                cause: "member '\(name.text)'",
                hint: "Check this machine's memory."
            )
        }
    }
}

/// Where the pipeline stands within a range.
private struct MemberCutter {
    let content: MemberName.Content
    let range: UInt32
    private var part: UInt32 = 0
    /// Bytes of text waiting.
    var filled = 0
    var rows: Int64 = 0
    /// Rows that were reported.
    var reported: Int64 = 0

    init(content: MemberName.Content, range: UInt32) {
        self.content = content
        self.range = range
    }

    mutating func next() throws -> MemberName {
        defer { part += 1 }
        return try MemberName(content, range: range, part: part)
    }
}

extension UnsafeRawBufferPointer {
    /// Compares at the speed of memory.
    fileprivate func elementsEqualFast(_ other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        guard let mine = baseAddress, let theirs = other.baseAddress else { return count == 0 }
        return memcmp(mine, theirs, count) == 0
    }
}
