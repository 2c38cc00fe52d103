import AgeEncryption
import Compression
import Streams

/// A text as a section holds it, but for the encryption: compressed once, whoever it is encrypted to.
package struct PackedText: Sendable {
    /// One zstd stream.
    let bytes: [UInt8]
    /// SHA-256 of the text, hex.
    package let sha256: String
}

/// Compresses a text that comes in pieces, so that it never is in memory as a whole.
///
/// One thread. Holds what the text comes to when it is compressed, and the compressor's tables, some megabytes.
package final class TextPacker {
    private let packed = MemorySink()
    private let hash: HashingSink

    /// Begins a text of which nobody knows yet how long it will be.
    package convenience init() throws { try self.init(exactBytes: nil) }

    /// Who knows the length says so: a short text then needs small tables.
    init(exactBytes: Int?) throws {
        let compressor = try ZstdCompressor(level: SealedText.level, exactBytes: exactBytes, into: packed)
        hash = HashingSink(into: compressor)
    }

    /// Takes the next piece; the bytes are only borrowed for the call.
    package func write(_ piece: UnsafeRawBufferPointer) throws { try hash.write(piece.bytes) }

    /// The whole text; nothing may be written after it.
    package func finish() throws -> PackedText {
        try hash.finish()
        return PackedText(bytes: packed.bytes, sha256: Hex.encode(hash.digest))
    }
}
