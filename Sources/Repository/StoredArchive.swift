package import AgeEncryption
import Diagnostics
package import Model
package import Streams

/// An archive as a listing shows it.
package struct ArchiveListing: Sendable, Hashable {
    package var id: ArchiveID
    package var bytes: Int64
    /// The store's own clock.
    package var modified: Instant

    /// Creates an entry.
    package init(id: ArchiveID, bytes: Int64, modified: Instant) {
        self.id = id
        self.bytes = bytes
        self.modified = modified
    }
}

extension Repository {
    /// Where an archive lies.
    package func archiveKey(_ id: ArchiveID) -> ObjectKey { Layout.archive(id) }

    /// Every archive, whether a point refers to it or not.
    package func listArchives() throws -> [ArchiveListing] {
        try store.list(Layout.archives).compactMap { info in
            Layout.archiveID(info.key).map { ArchiveListing(id: $0, bytes: info.bytes, modified: info.modified) }
        }
    }

    /// Begins an archive under a fresh random name.
    package func newArchive() throws -> ArchiveWriter {
        let id = try Self.newArchiveID()
        return try newArchive(id, into: try createArchive(id))
    }

    /// A name that no archive has.
    package static func newArchiveID() throws -> ArchiveID {
        guard let id = ArchiveID(Hex.encode(try randomBytes(16))) else {
            throw Diagnostic(.internalError, "cannot name an archive")
        }
        return id
    }

    /// Begins the object of an archive; nothing is visible before its `finish()`.
    package func createArchive(_ id: ArchiveID) throws -> any ObjectWriter { try store.create(Layout.archive(id)) }

    /// Encrypts an archive to this repository's recipients into `sink`, which may feed several repositories that have the
    /// same ones.
    package func newArchive(_ id: ArchiveID, into sink: any ByteSink) throws -> ArchiveWriter {
        try ArchiveWriter(id: id, into: sink, to: try dataRecipients())
    }

    /// Whether the same encrypted bytes serve both: whoever may read one may read the other, and nobody else.
    package func sharesRecipients(with other: Repository) -> Bool {
        Set(descriptor.recipients) == Set(other.descriptor.recipients)
    }

    /// Opens an archive for reading ranges of its tar; the header is read and decrypted at once.
    ///
    /// A header that was damaged may look as if it were meant for somebody else. Whose fault it is that no identity fits, the
    /// archive's SHA-256 tells: it is read as a whole then, and `key-wrong` is thrown of bytes only that are as recorded.
    package func openArchive(_ facts: ArchiveFacts, identities: [any Identity]) throws -> ArchiveReader {
        let key = Layout.archive(facts.id)
        guard let info = try store.info(key) else {
            throw Diagnostic(
                .objectMissing,
                "archive '\(facts.id)' is missing from \(displayName)",
                hint: "Use another point or another copy of the repository."
            )
        }
        guard info.bytes == facts.bytes else {
            throw Diagnostic(
                .objectCorrupt,
                "archive '\(facts.id)' has \(info.bytes) bytes instead of \(facts.bytes)",
                hint: "Use another point or another copy of the repository."
            )
        }
        do {
            return try ArchiveReader(facts, at: key, in: store, identities: identities)
        } catch let error as Diagnostic where error.code == .keyWrong {
            try ArchiveCopy(facts: facts, source: self, stop: Stop()).requireSound()
            throw error
        }
    }
}

/// An archive being written: tar bytes in, age ciphertext out, hashed on the way into the store.
///
/// Nothing is visible before `finish()`. Holds one age chunk (64 KiB) besides what the store buffers. One thread.
package final class ArchiveWriter: ByteSink {
    package let id: ArchiveID
    /// Tar bytes taken so far: the offset of what comes next.
    package private(set) var plaintextBytes: Int64 = 0
    private let encryptor: AgeEncryptor
    private let stored: HashingSink

    init(id: ArchiveID, into sink: any ByteSink, to recipients: [any Recipient]) throws {
        self.id = id
        stored = HashingSink(into: sink)
        encryptor = try AgeEncryptor(to: recipients, into: stored)
    }

    package func write(_ bytes: RawSpan) throws {
        try encryptor.write(bytes)
        plaintextBytes += Int64(bytes.byteCount)
    }

    package func finish() throws { try encryptor.finish() }

    /// Encrypted bytes so far.
    package var storedBytes: Int64 { stored.byteCount }

    /// What a manifest says of the finished archive.
    package func facts(writtenIn point: PointName) -> ArchiveFacts {
        precondition(!stored.digest.isEmpty, "the archive is not finished")
        return ArchiveFacts(id: id, bytes: stored.byteCount, sha256: Hex.encode(stored.digest), writtenIn: point)
    }
}
