import Model
import Repository
import Streams

/// An archive of the shelf; what is small is read together with what lies beside it, and nothing twice in a row.
///
/// A table of a few rows takes a few hundred bytes, but age opens 64 KiB at a time, and a store in the network answers a
/// question at a time: thousands of small tables are read in stretches that hold hundreds of them. What age opened for the
/// end of one large range is kept for the beginning of the next, which mostly lies beside it. One thread; keeps 64 KiB.
final class OpenArchive {
    /// What age opens at a time; longer ranges are read by themselves.
    private static let piece: Int64 = 64 << 10

    let id: ArchiveID
    /// Which copy it is.
    let position: Int
    private let reader: ArchiveReader
    private let stretches: Stretches
    /// Opened bytes from `start` to the end of a piece, or of the archive.
    private var border: [UInt8] = []
    private var start: Int64 = 0

    init(_ id: ArchiveID, position: Int, _ reader: ArchiveReader, _ stretches: Stretches) {
        self.id = id
        self.position = position
        self.reader = reader
        self.stretches = stretches
    }

    /// The tar bytes at `location`.
    func source(of location: ArchiveLocation) throws -> any ByteSource {
        let (offset, length) = (location.offset, location.length)
        guard offset >= 0, length > 0, offset <= reader.plaintextBytes - length else {
            return try reader.range(offset, length)
        }
        // Damage beside the range must not be the range's: it is then read by itself.
        if length <= Self.piece, let bytes = try? small(offset, length) { return MemorySource(bytes) }
        return try large(offset, length)
    }

    /// A range of one stretch, or of two.
    private func small(_ offset: Int64, _ length: Int64) throws -> [UInt8] {
        var bytes: [UInt8] = []
        let first = offset / Stretches.length
        for number in first...(offset + length - 1) / Stretches.length {
            bytes += try stretches.bytes(of: id, at: position, number) {
                let start = number * Stretches.length
                let count = min(Stretches.length, reader.plaintextBytes - start)
                return try reader.range(start, count).readAll(limit: Int(Stretches.length))
            }
        }
        let skipped = Int(offset - first * Stretches.length)
        return Array(bytes[skipped..<skipped + Int(length)])
    }

    private func large(_ offset: Int64, _ length: Int64) throws -> any ByteSource {
        let end = offset + length
        let isNext = offset >= start && offset < start + Int64(border.count)
        let head = isNext ? Array(border[Int(offset - start)...].prefix(Int(length))) : []
        let from = offset + Int64(head.count)
        if from == end { return MemorySource(head) }
        let borderEnd = min((end + Self.piece - 1) / Self.piece * Self.piece, reader.plaintextBytes)
        return BorderSource(head, then: try reader.range(from, borderEnd - from), count: length) { [self] rest in
            (border, start) = (rest, end)
        }
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
