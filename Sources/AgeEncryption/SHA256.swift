/// A SHA-256 that is fed piece by piece; one thread at a time.
package final class SHA256 {
    /// The length of a digest.
    package static let digestSize = 32

    private let context = DigestContext()

    /// Starts the hash of the empty string.
    package init() {}

    /// The digest of one array.
    package static func digest(of bytes: [UInt8]) -> [UInt8] {
        let hash = SHA256()
        hash.update(bytes.span.bytes)
        return hash.finish()
    }

    /// Takes more bytes.
    package func update(_ bytes: RawSpan) {
        bytes.withUnsafeBytes { context.update($0) }
    }

    /// Returns the 32 bytes of the digest; called once, and the hash takes nothing after it.
    package func finish() -> [UInt8] {
        context.finish()
    }
}
