import Model
import Repository
import Streams

/// An archive of the shelf; what is small is read together with what lies beside it, and nothing twice in a row.
///
/// A table of a few rows takes a few hundred bytes, but age opens 64 KiB at a time, and a store in the network answers a
/// question at a time: thousands of small tables are read in stretches that hold hundreds of them. What age opened for the
/// end of one range is kept for the beginning of the next, which mostly lies beside it: a store may charge for each byte.
/// One thread; keeps one stretch.
final class OpenArchive {
    /// What age opens at a time; longer ranges are read by themselves.
    private static let piece: Int64 = 64 << 10
    private static let stretch: Int64 = 256 << 10

    let id: ArchiveID
    /// Which copy it is.
    let position: Int
    private let reader: ArchiveReader
    /// Opened bytes from `start` on; they end where a piece ends, or the archive.
    private var bytes: [UInt8] = []
    private var start: Int64 = 0

    init(_ id: ArchiveID, position: Int, _ reader: ArchiveReader) {
        self.id = id
        self.position = position
        self.reader = reader
    }

    /// The tar bytes at `location`; what was asked for before must not be read any more.
    func source(of location: ArchiveLocation) throws -> any ByteSource {
        let (offset, length) = (location.offset, location.length)
        guard offset >= 0, length >= 0, offset <= reader.plaintextBytes - length else {
            return try reader.range(offset, length)
        }
        if length <= Self.piece, kept(from: offset) < length {
            // Damage beside the range must not be the range's: it is then read by itself.
            guard (try? fetch(around: offset)) != nil else { return try reader.range(offset, length) }
        }
        let known = min(kept(from: offset), length)
        let first = Int(offset - start)
        let head = known > 0 ? Array(bytes[first..<first + Int(known)]) : []
        if known == length { return MemorySource(head) }
        let end = offset + length
        let borderEnd = min((end + Self.piece - 1) / Self.piece * Self.piece, reader.plaintextBytes)
        let rest = try reader.range(offset + known, borderEnd - offset - known)
        return BorderSource(head, then: rest, count: length) { [self] border in (bytes, start) = (border, end) }
    }

    /// How many bytes from `offset` on are there already.
    private func kept(from offset: Int64) -> Int64 {
        offset >= start ? max(0, start + Int64(bytes.count) - offset) : 0
    }

    /// Reads a stretch from the piece that holds `offset` on, less what is there already.
    private func fetch(around offset: Int64) throws {
        let piece = offset - offset % Self.piece
        let end = min(piece + Self.stretch, reader.plaintextBytes)
        let first = kept(from: offset) > 0 ? max(piece, start) : piece
        let known = kept(from: first)
        let head = known > 0 ? Array(bytes[Int(first - start)...]) : []
        bytes = []
        bytes = head + (try reader.range(first + known, end - first - known).readAll(limit: Int(Self.stretch)))
        start = first
    }
}

/// The bytes of a range, and then, to be kept, those up to the border of what age opened for its end.
private final class BorderSource: ByteSource {
    private var head: ArraySlice<UInt8>
    private let rest: any ByteSource
    private var left: Int64
    private let keep: ([UInt8]) -> Void

    /// Gives `count` bytes: `head`, then of `rest`; calls `keep` with what else `rest` has.
    init(_ head: [UInt8], then rest: any ByteSource, count: Int64, keep: @escaping ([UInt8]) -> Void) {
        self.head = head[...]
        self.rest = rest
        left = count
        self.keep = keep
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard left > 0, !buffer.isEmpty else { return 0 }
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(Int(min(left, Int64(buffer.count)))))
        let count: Int
        if head.isEmpty {
            count = try rest.read(into: room)
        } else {
            count = min(head.count, room.count)
            room.copyBytes(from: head.prefix(count))
            head.removeFirst(count)
        }
        left -= Int64(count)
        if left == 0 { keep(try rest.readAll(limit: 64 << 10)) }
        return count
    }
}
