import AgeEncryption
import Diagnostics
package import Model
package import Streams

/// An archive of the repository, opened for its tar bytes.
///
/// A value that several threads may use at once; every source it gives belongs to one thread and holds two age chunks
/// (128 KiB).
package struct ArchiveReader: Sendable {
    package let facts: ArchiveFacts
    private let plaintext: AgeRangeReader

    init(_ facts: ArchiveFacts, at key: ObjectKey, in store: any ObjectStore, identities: [any Identity]) throws {
        guard !identities.isEmpty else {
            throw Diagnostic(
                .keyMissing,
                "cannot decrypt archive '\(facts.id)': no identity was given",
                hint: "Pass the operator's or the escrow's identity file with --identity FILE."
            )
        }
        self.facts = facts
        plaintext = try AgeRangeReader(
            identities: identities,
            ciphertextLength: facts.bytes,
            named: key.text,
            fetch: { try store.read(key, range: $0) }
        )
    }

    /// How many tar bytes the archive holds.
    package var plaintextBytes: Int64 { plaintext.plaintextLength }

    /// The tar bytes of a location; fetches only the 64 KiB chunks that hold them, each authenticated.
    package func range(_ offset: Int64, _ length: Int64) throws -> any ByteSource {
        guard offset >= 0, length >= 0, offset <= plaintextBytes, length <= plaintextBytes - offset else {
            throw Diagnostic(
                .objectCorrupt,
                "archive '\(facts.id)' holds \(plaintextBytes) bytes, and a range beyond them is asked for"
            )
        }
        return try plaintext.source(for: offset..<offset + length)
    }

    /// The whole tar.
    package func whole() throws -> any ByteSource { try range(0, plaintextBytes) }

    /// Throws unless the archive ends where its length says.
    package func checkEnd() throws { try plaintext.checkEnd() }
}
