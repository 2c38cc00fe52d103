import AgeEncryption
import Diagnostics
import Model
import Repository
import Streams

/// The archives that a manifest refers to, opened as they are needed.
///
/// Belongs to one thread. Opening an archive fetches and unwraps its header; the newest few stay open because the ranges
/// of one table mostly lie beside each other.
final class ArchiveShelf {
    private let copies: ArchiveCopies
    private var open: [OpenArchive] = []
    /// What was read last, and from which copy.
    private var current: (id: ArchiveID, position: Int)?
    private static let limit = 8

    init(_ copies: ArchiveCopies) { self.copies = copies }

    /// A shelf over one repository alone.
    convenience init(repository: Repository, manifest: Manifest, identities: [any Identity]) {
        self.init(ArchiveCopies([repository], of: manifest, identities: identities))
    }

    /// The tar bytes at `location`.
    func open(_ location: ArchiveLocation) throws -> any ByteSource {
        current = (location.archive, copies.position(of: location.archive))
        let archive = try archive(location.archive)
        current = (archive.id, archive.position)
        return try archive.source(of: location)
    }

    /// Runs `body` again, from the next copy, as long as it fails over an archive that another repository holds too.
    ///
    /// `body` must leave nothing behind when it throws.
    func falling<Value>(_ body: () throws -> Value) throws -> Value {
        while true {
            do {
                return try body()
            } catch let error as Diagnostic {
                guard let failed = current, copies.passOver(failed.id, at: failed.position, because: error) else {
                    throw error
                }
                open.removeAll { $0.id == failed.id }
                current = nil
            }
        }
    }

    private func archive(_ id: ArchiveID) throws -> OpenArchive {
        // Another worker may have found this copy bad meanwhile; it is then still good for what is read whole.
        if let found = open.first(where: { $0.id == id }) { return found }
        let reader = try copies.open(id)
        if open.count == Self.limit { open.removeFirst() }
        let archive = OpenArchive(id, position: copies.position(of: id), reader)
        open.append(archive)
        return archive
    }
}

/// An archive of the shelf; what is small is read together with what lies beside it.
///
/// A table of a few rows takes a few hundred bytes, but age opens 64 KiB at a time, and a store in the network answers a
/// question at a time: thousands of small tables are read in stretches that hold hundreds of them. One thread; keeps one
/// stretch.
private final class OpenArchive {
    /// What is longer is read by itself.
    private static let small: Int64 = 64 << 10
    private static let stretch: Int64 = 256 << 10

    let id: ArchiveID
    /// Which copy it is.
    let position: Int
    private let reader: ArchiveReader
    private var start: Int64 = 0
    private var bytes: [UInt8] = []

    init(_ id: ArchiveID, position: Int, _ reader: ArchiveReader) {
        self.id = id
        self.position = position
        self.reader = reader
    }

    func source(of location: ArchiveLocation) throws -> any ByteSource {
        let (offset, length) = (location.offset, location.length)
        guard length <= Self.small, offset >= 0, length >= 0, offset <= reader.plaintextBytes - length else {
            return try reader.range(offset, length)
        }
        if offset < start || offset + length > start + Int64(bytes.count) {
            // Damage beside the range must not be the range's: it is then read by itself.
            guard (try? fetch(around: offset)) != nil else { return try reader.range(offset, length) }
        }
        let first = Int(offset - start)
        return MemorySource(Array(bytes[first..<first + Int(length)]))
    }

    /// Reads from the beginning of the piece that age opens as a whole.
    private func fetch(around offset: Int64) throws {
        bytes = []
        let first = offset - offset % Self.small
        let count = min(Self.stretch, reader.plaintextBytes - first)
        bytes = try reader.range(first, count).readAll(limit: Int(count))
        start = first
    }
}
