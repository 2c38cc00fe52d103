import Diagnostics
import Streams

@testable import AgeEncryption

/// An age file put together from parts, each of which can be wrong while everything around it is right.
struct HandmadeFile {
    enum Outcome: Equatable {
        case success
        case malformedHeader
        case wrongMAC
        case noMatch
        case badPayload
        case other(String)
    }

    static let passphrase = SecretBytes(utf8: "a passphrase")

    let identity: X25519Identity
    let fileKey: FileKey
    /// Fixed, because a random one can begin with a line feed and so mend a header that lacks it.
    private let nonce = [UInt8](repeating: 0x55, count: 16)

    init() throws {
        identity = try .generate()
        fileKey = try .generate()
    }

    /// A correct stanza for the identity.
    func stanza() throws -> Stanza { try identity.recipient.wrap(fileKey)[0] }

    /// A correct passphrase stanza.
    func passphraseStanza() throws -> Stanza {
        try ScryptRecipient(passphrase: Self.passphrase, workFactor: 2).wrap(fileKey)[0]
    }

    /// A header with these stanza lines, verbatim, and the MAC that belongs to them.
    func header(_ stanzas: String, version: String = "age-encryption.org/v1\n") throws -> [UInt8] {
        let covered = Array((version + stanzas + "---").utf8)
        return covered + [0x20] + Base64.encode(try hmacSHA256(key: fileKey.headerKey(), message: covered)) + [0x0A]
    }

    /// One sealed chunk.
    func chunk(_ plaintext: [UInt8], number: Int, isLast: Bool) throws -> [UInt8] {
        let box = try SealedBox(key: fileKey.payloadKey(nonce: nonce), sealing: true)
        var output = [UInt8](repeating: 0, count: plaintext.count + 16)
        let chunkNonce = [UInt8](repeating: 0, count: 10) + [UInt8(number), isLast ? 1 : 0]
        try output.withUnsafeMutableBytes { output in
            try plaintext.withUnsafeBytes { try box.seal($0, nonce: chunkNonce, into: output) }
        }
        return output
    }

    /// Nonce and chunks.
    func payload(_ chunks: [[UInt8]]) -> [UInt8] { nonce + chunks.joined() }

    /// A header and a small payload without fault.
    func file(_ stanzas: String) throws -> [UInt8] {
        try header(stanzas) + payload([chunk([1, 2, 3], number: 0, isLast: true)])
    }

    /// What becomes of a file, and every byte that was handed out before the end or the error.
    func outcome(of file: [UInt8]) throws -> (Outcome, released: [UInt8]) {
        let sink = MemorySink()
        do {
            let identities: [any Identity] = [
                identity, ScryptIdentity(passphrase: Self.passphrase, workFactorLimit: 12),
            ]
            try AgeDecryptor(MemorySource(file), identities: identities).copy(into: sink)
            return (.success, sink.bytes)
        } catch let diagnostic as Diagnostic {
            switch (diagnostic.code, diagnostic.context["part"]) {
            case (.objectCorrupt, "header"): return (.malformedHeader, sink.bytes)
            case (.objectCorrupt, "header-mac"): return (.wrongMAC, sink.bytes)
            case (.objectCorrupt, "payload"): return (.badPayload, sink.bytes)
            case (.keyWrong, _): return (.noMatch, sink.bytes)
            default: return (.other(diagnostic.description), sink.bytes)
            }
        }
    }
}

extension Stanza {
    /// The stanza's lines.
    var lines: String { String(decoding: encoded, as: UTF8.self) }

    /// The body's line or lines.
    var bodyLines: String { String(lines[lines.index(after: lines.firstIndex(of: "\n") ?? lines.startIndex)...]) }
}
