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

    /// The same, and where an archive cannot be had from anywhere, with what `find` finds in another repository's edition of
    /// the point: the same rows in archives of its own.
    func falling<Part: Equatable>(
        _ part: Part,
        elsewhere find: (Manifest) -> Part?,
        _ body: (Part) throws -> Void
    ) throws {
        var (edition, part) = (0, part)
        while true {
            do {
                return try falling { try body(part) }
            } catch let error as Diagnostic {
                guard let lost = current?.id,
                    let next = copies.counterpart(
                        of: part,
                        insteadOf: lost,
                        after: edition,
                        because: error,
                        find
                    )
                else { throw error }
                (edition, part) = next
                current = nil
            }
        }
    }

    private func archive(_ id: ArchiveID) throws -> OpenArchive {
        // Another worker may have found this copy bad meanwhile; it is then still good for what is read whole.
        if let found = open.first(where: { $0.id == id }) { return found }
        let reader = try copies.open(id)
        if open.count == Self.limit { open.removeFirst() }
        let archive = OpenArchive(id, position: copies.position(of: id), reader, copies.stretches)
        open.append(archive)
        return archive
    }
}
