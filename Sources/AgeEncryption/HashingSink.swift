package import Streams

/// Passes everything on and keeps its SHA-256 and its length.
///
/// Without a next stage it only observes, which is how something that is read is hashed.
package final class HashingSink: ByteSink {
    private let next: (any ByteSink)?
    private let hash = SHA256()

    /// How many bytes have passed.
    package private(set) var byteCount: Int64 = 0
    /// The digest of everything; empty until `finish()`.
    package private(set) var digest: [UInt8] = []

    /// Observes what goes into `next`.
    package init(into next: (any ByteSink)? = nil) {
        self.next = next
    }

    package func write(_ bytes: RawSpan) throws {
        try next?.write(bytes)
        hash.update(bytes)
        byteCount += Int64(bytes.byteCount)
    }

    package func finish() throws {
        try next?.finish()
        digest = hash.finish()
    }
}
