import AgeEncryption
import Archives
import Model
import Repository
import Streams
import Synchronization

/// The archives that this run has finished, by all of its workers.
final class ArchiveRegister: Sendable {
    private let facts = Mutex<[ArchiveFacts]>([])

    var archives: [ArchiveFacts] { facts.withLock { $0 } }

    func add(_ archive: ArchiveFacts) { facts.withLock { $0.append(archive) } }
}

/// Where one worker's members go: archive after archive, each ended where a range ends.
///
/// One thread. Dropping a lane abandons the archive it is writing; those it has finished stay in the register.
final class ArchiveLane {
    private struct OpenArchive {
        var writer: ArchiveWriter
        var tap: RangeTap
        var tar: TarWriter
    }

    private let repository: Repository
    private let point: PointName
    private let limit: Int64
    private let register: ArchiveRegister
    private var open: OpenArchive?

    init(_ repository: Repository, point: PointName, limit: Int64, register: ArchiveRegister) {
        self.repository = repository
        self.point = point
        self.limit = limit
        self.register = register
    }

    /// Writes the members that `body` hands over and returns where they lie.
    ///
    /// A range without members has a place too, of no length, so that every range is written alike.
    func range(_ body: (_ write: (MemberName, UnsafeRawBufferPointer) throws -> Void) throws -> Void) throws
        -> ArchiveLocation
    {
        let current = try open ?? begin()
        open = current
        let start = current.tar.position
        current.tap.beginRange()
        var members = 0
        try body { name, bytes in
            try current.tar.writeEntry(name: name.text, bytes)
            members += 1
        }
        let location = ArchiveLocation(
            archive: current.writer.id,
            offset: start,
            length: current.tar.position - start,
            members: members,
            sha256: Hex.encode(current.tap.endRange())
        )
        if current.tar.position >= limit { try finish() }
        return location
    }

    /// Ends the archive that is open, if one is.
    func finish() throws {
        guard let current = open else { return }
        open = nil
        try current.tar.finish()
        register.add(current.writer.facts(writtenIn: point))
    }

    private func begin() throws -> OpenArchive {
        let writer = try repository.newArchive()
        let tap = RangeTap(into: writer)
        let modified = point.slot.instant.secondsSinceEpoch
        return OpenArchive(
            writer: writer,
            tap: tap,
            tar: try TarWriter(into: tap, named: writer.id.text, modified: modified)
        )
    }
}

/// Passes everything on and hashes what belongs to the current range.
private final class RangeTap: ByteSink {
    private let next: any ByteSink
    private var hash: SHA256?

    init(into next: any ByteSink) { self.next = next }

    func beginRange() { hash = SHA256() }

    func endRange() -> [UInt8] {
        defer { hash = nil }
        return hash?.finish() ?? []
    }

    func write(_ bytes: RawSpan) throws {
        hash?.update(bytes)
        try next.write(bytes)
    }

    func finish() throws { try next.finish() }
}
