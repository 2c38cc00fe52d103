import AgeEncryption
import Diagnostics
import Model
import Streams

/// The stored bytes of one archive, taken from one repository and put into another.
///
/// No key is needed: the bytes are right when they have the recorded length and SHA-256, and nothing appears in the target
/// before that is known. Holds 256 KiB. One thread.
struct ArchiveCopy {
    let facts: ArchiveFacts
    let source: Repository
    let stop: Stop
    /// Called with the bytes of each step.
    var progress: (Int64) -> Void = { _ in }

    /// Throws `object-corrupt` or `object-missing` unless the source holds exactly the recorded bytes.
    func requireSound() throws { try read(into: nil) }

    /// Creates the archive in `target`; throws `object-exists` when there is one.
    func write(into target: Repository) throws {
        let writer = try target.createArchive(facts.id)
        try read(into: writer)
        try writer.finish()
    }

    private func read(into writer: (any ObjectWriter)?) throws {
        let stored = try source.store.read(source.archiveKey(facts.id), range: nil)
        let hash = HashingSink()
        let buffer = IOBuffer(capacity: 256 << 10)
        while case let count = try stored.read(into: buffer.storage), count > 0 {
            guard !stop.isRequested else { throw Stopped() }
            try hash.write(buffer.prefix(count).bytes)
            guard hash.byteCount <= facts.bytes else { break }
            try writer?.write(buffer.prefix(count).bytes)
            progress(Int64(count))
        }
        try hash.finish()
        guard hash.byteCount == facts.bytes, Hex.encode(hash.digest) == facts.sha256 else {
            throw Diagnostic(
                .objectCorrupt,
                "archive '\(facts.id)' in \(source.displayName) is not the one that was written",
                cause: hash.byteCount == facts.bytes
                    ? "it does not have the recorded SHA-256" : "it does not have the recorded \(facts.bytes) bytes",
                hint: "Use another point or another copy of the repository."
            )
        }
    }
}
