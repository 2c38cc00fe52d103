import AgeEncryption
import Model
import Diagnostics
import Repository
import Streams

/// The archives that a manifest refers to, opened as they are needed.
///
/// Belongs to one thread. Opening an archive fetches and unwraps its header; the newest few stay open because the ranges
/// of one table mostly lie beside each other.
final class ArchiveShelf {
    private let repository: Repository
    private let identities: [any Identity]
    private let facts: [ArchiveID: ArchiveFacts]
    private var open: [(id: ArchiveID, reader: ArchiveReader)] = []
    private static let limit = 8

    init(repository: Repository, manifest: Manifest, identities: [any Identity]) {
        self.repository = repository
        self.identities = identities
        facts = Dictionary(manifest.archives.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The tar bytes at `location`.
    func open(_ location: ArchiveLocation) throws -> any ByteSource {
        try reader(location.archive).range(location.offset, location.length)
    }

    private func reader(_ id: ArchiveID) throws -> ArchiveReader {
        if let found = open.first(where: { $0.id == id }) { return found.reader }
        guard let facts = facts[id] else {
            throw Diagnostic(.objectCorrupt, "the point refers to archive '\(id)', which it does not list")
        }
        let reader = try repository.openArchive(facts, identities: identities)
        if open.count == Self.limit { open.removeFirst() }
        open.append((id, reader))
        return reader
    }
}
