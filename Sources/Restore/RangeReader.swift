import AgeEncryption
import Archives
import Compression
import Diagnostics
import Model
import Repository
import RowHashing
import Streams

/// Reads the rows of ranges out of archives and holds every byte against what the manifest says.
///
/// Belongs to one thread; keeps one open archive at a time and a few hundred KiB.
final class RangeReader {
    private let shelf: ArchiveShelf
    private let decompressor: MemberDecompressor
    private let buffer = IOBuffer(capacity: 256 << 10)

    init(shelf: ArchiveShelf) throws {
        self.shelf = shelf
        decompressor = try MemberDecompressor()
    }

    /// Runs `body` again, from another copy of the repository, when an archive fails that has one.
    ///
    /// `body` must leave nothing behind when it throws.
    func retrying<Value>(_ body: () throws -> Value) throws -> Value { try shelf.falling(body) }

    /// The same with the ranges of `part`, and, where an archive of theirs cannot be had from anywhere, with those that `find`
    /// finds in another repository's edition of the point.
    func retrying<Part: Equatable>(
        _ part: Part,
        elsewhere find: (Manifest) -> Part?,
        _ body: (Part) throws -> Void
    ) throws { try shelf.falling(part, elsewhere: find, body) }

    /// Pushes the COPY text of `range` into `sink`, in order.
    ///
    /// Throws `object-corrupt` when the archive's bytes, the number of rows or their proof differ from the manifest; what
    /// was already pushed must then be thrown away, which is what the transaction around a COPY is for.
    func read(_ range: TableRange, of owner: String, into sink: (RawSpan) throws -> Void) throws {
        guard range.location.members > 0 else { return try check(RowProof(), range, owner) }
        let stored = try shelf.open(range.location)
        let hashing = HashingSource(stored)
        let tar = try TarReader(from: hashing, named: "\(range.location.archive)", expectsEndMarker: false)
        var rows = RowSplitter()
        var members = 0
        var bytes: Int64 = 0
        while let entry = try tar.next() {
            guard let member = MemberName(parsing: entry.name), Int(member.part) == members else {
                throw corrupt(range, owner, "member '\(entry.name)' is not the one that belongs here")
            }
            members += 1
            let text = try decompressor.source(over: tar, named: entry.name, limit: .max)
            while case let count = try text.read(into: buffer.storage), count > 0 {
                let part = buffer.prefix(count)
                rows.add(part)
                bytes += Int64(count)
                try sink(part.bytes)
            }
        }
        guard members == range.location.members, hashing.count == range.location.length,
            hashing.hexDigest() == range.location.sha256
        else { throw corrupt(range, owner, "its bytes are not the ones that were written") }
        guard bytes == range.textBytes else { throw corrupt(range, owner, "its text has \(bytes) bytes") }
        try check(try rows.finish(), range, owner)
    }

    private func check(_ found: RowProof, _ range: TableRange, _ owner: String) throws {
        guard found == range.proof else {
            throw corrupt(range, owner, "it holds \(found.rows) rows that do not add up to the recorded proof")
        }
    }

    private func corrupt(_ range: TableRange, _ owner: String, _ cause: String) -> Diagnostic {
        Diagnostic(
            .objectCorrupt,
            "the stored rows of '\(owner)' from block \(range.blocks.first) are damaged",
            cause: cause,
            hint: "Restore an earlier point, or the same point from another repository; 'lifeboat verify' tells which.",
            context: ["archive": range.location.archive.text]
        )
    }
}

/// A source that hashes and counts what passes.
private final class HashingSource: ByteSource {
    private let next: any ByteSource
    private let hash = SHA256()
    private(set) var count: Int64 = 0

    init(_ next: any ByteSource) { self.next = next }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let length = try next.read(into: buffer)
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<length])
        hash.update(bytes.bytes)
        count += Int64(length)
        return length
    }

    func hexDigest() -> String { Hex.encode(hash.finish()) }
}
