import AgeEncryption
import Archives
import Model
import Repository
import Streams
import Synchronization

/// The archives that this run has finished in one repository, by all of its workers.
final class ArchiveRegister: Sendable {
    private let facts = Mutex<[ArchiveFacts]>([])

    var archives: [ArchiveFacts] { facts.withLock { $0 } }

    func add(_ archive: ArchiveFacts) { facts.withLock { $0.append(archive) } }
}

/// Where one worker's members go for one set of repositories with the same recipients: archive after archive, each ended
/// where a range ends.
///
/// One thread. Dropping a lane abandons the archive it is writing; those it has finished stay in the registers.
final class ArchiveLane {
    private struct OpenArchive {
        var stored: SharedArchive
        var writer: ArchiveWriter
        var tap: RangeTap
        var tar: TarWriter
    }

    let destinations: [Destination]
    private let point: PointName
    private let limit: Int64
    private var open: OpenArchive?
    private var start: Int64 = 0
    private var members = 0

    init(_ destinations: [Destination], point: PointName, limit: Int64) {
        self.destinations = destinations
        self.point = point
        self.limit = limit
    }

    /// Begins a range; every range is begun and ended alike, also one without members.
    func beginRange() throws {
        let current = try open ?? begin()
        open = current
        start = current.tar.position
        members = 0
        current.tap.beginRange()
    }

    /// Adds a member to the range.
    func write(_ name: MemberName, _ bytes: UnsafeRawBufferPointer) throws {
        try open?.tar.writeEntry(name: name.text, bytes)
        members += 1
    }

    /// Ends the range and says where it lies; a range without members has a place too, of no length.
    func endRange() throws -> ArchiveLocation {
        let current = try open ?? begin()
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
        let facts = current.writer.facts(writtenIn: point)
        for destination in current.stored.holders { destination.register.add(facts) }
    }

    private func begin() throws -> OpenArchive {
        let stored = try SharedArchive(try Repository.newArchiveID(), in: destinations)
        let writer = try destinations[0].repository.newArchive(stored.id, into: stored)
        let tap = RangeTap(into: writer)
        let modified = point.slot.instant.secondsSinceEpoch
        return OpenArchive(
            stored: stored,
            writer: writer,
            tap: tap,
            tar: try TarWriter(into: tap, named: writer.id.text, modified: modified)
        )
    }
}

/// Passes everything on, if there is a next stage, and hashes what belongs to the current range.
final class RangeTap: ByteSink {
    private let next: (any ByteSink)?
    private var hash: SHA256?

    init(into next: (any ByteSink)? = nil) { self.next = next }

    func beginRange() { hash = SHA256() }

    func endRange() -> [UInt8] {
        defer { hash = nil }
        return hash?.finish() ?? []
    }

    func write(_ bytes: RawSpan) throws {
        hash?.update(bytes)
        try next?.write(bytes)
    }

    func finish() throws { try next?.finish() }
}
