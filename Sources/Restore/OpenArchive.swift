import Model
import Repository
import Streams

/// An archive of the shelf; what is small is read together with what lies beside it.
///
/// A table of a few rows takes a few hundred bytes, but age opens 64 KiB at a time, and a store in the network answers a
/// question at a time: thousands of small tables are read in stretches that hold hundreds of them. A longer range is read
/// by itself, up to the borders of what age opens. One thread.
struct OpenArchive {
    let id: ArchiveID
    /// Which copy it is.
    let position: Int
    private let reader: ArchiveReader
    private let stretches: Stretches

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
        if length <= Stretches.length, let bytes = try? small(offset, length) { return MemorySource(bytes) }
        return try reader.range(offset, length)
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
}
