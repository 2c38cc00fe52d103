import AgeEncryption
import Compression
import Diagnostics
import Streams

/// Small texts as they lie in a section: zstd, then age.
enum SealedText {
    /// The most plaintext that is ever accepted, so that a hostile section cannot fill the memory.
    static let plaintextLimit = 1 << 30

    /// Higher levels take ten times as long for definitions and gain nothing: what repeats itself is far apart.
    static let level = 5

    /// Compresses and encrypts to everybody in `recipients`.
    static func seal(_ plaintext: [UInt8], to recipients: [any Recipient]) throws -> [UInt8] {
        let packer = try TextPacker(exactBytes: plaintext.count)
        try plaintext.withUnsafeBytes { try packer.write($0) }
        return try seal(try packer.finish(), to: recipients)
    }

    /// Encrypts to everybody in `recipients`.
    static func seal(_ text: PackedText, to recipients: [any Recipient]) throws -> [UInt8] {
        let sealed = MemorySink()
        let encryptor = try AgeEncryptor(to: recipients, into: sealed)
        try encryptor.write(contentsOf: text.bytes)
        try encryptor.finish()
        return sealed.bytes
    }

    /// Decrypts with whichever identity fits, and decompresses; `object` names it in errors.
    static func open(_ sealed: [UInt8], with identities: [any Identity], object: String) throws -> [UInt8] {
        guard !identities.isEmpty else {
            throw Diagnostic(
                .keyMissing,
                "cannot decrypt \(object): this machine has no identity",
                hint: "Pass the operator's or the escrow's identity file with --identity FILE."
            )
        }
        do {
            let decrypted = try AgeDecryptor(MemorySource(sealed), identities: identities, named: object)
            return try ZstdDecompressor(from: decrypted, named: object).readAll(limit: plaintextLimit)
        } catch is SourceTooLarge {
            throw Diagnostic(.objectCorrupt, "cannot read \(object)", cause: "it is larger than any valid one")
        }
    }
}
