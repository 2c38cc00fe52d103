import Diagnostics

/// The public half of a signing key, written `lbsig1…`: Bech32 of the 32-byte Ed25519 public key.
package struct VerifyingKey: Sendable, Hashable {
    private static let bechPrefix = "lbsig"

    private let publicKey: [UInt8]

    init(publicKey: [UInt8]) { self.publicKey = publicKey }

    /// Reads `lbsig1…`.
    package init(_ text: String) throws {
        guard let parts = Bech32.decode(text), parts.prefix == Self.bechPrefix, parts.bytes.count == 32 else {
            throw Diagnostic(
                .keyInvalid,
                "malformed signer key",
                cause: "it is not '\(Self.bechPrefix)1' followed by a key with a correct checksum",
                hint: "Copy the whole signer key again."
            )
        }
        publicKey = parts.bytes
    }

    /// The `lbsig1…` text.
    package var text: String { Bech32.encode(prefix: Self.bechPrefix, publicKey) }

    /// Whether `signature` is what the holder of the signing key made of exactly this message.
    package func verify(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        isEd25519Signature(signature, of: message, by: publicKey)
    }
}

extension VerifyingKey: CustomStringConvertible {
    /// The `lbsig1…` text.
    package var description: String { text }
}
