import Diagnostics

/// The public half of an X25519 key pair, written `age1…`.
package struct X25519Recipient: Recipient, Hashable {
    static let stanzaType = "X25519"
    static let bechPrefix = "age"

    let publicKey: [UInt8]

    init(publicKey: [UInt8]) { self.publicKey = publicKey }

    /// Reads `age1…`; the text is never repeated in the error, since it may be a secret key pasted in the wrong place.
    package init(_ text: String) throws {
        guard let parts = Bech32.decode(text), parts.prefix == Self.bechPrefix, parts.bytes.count == 32 else {
            throw Self.refusal(of: text)
        }
        publicKey = parts.bytes
    }

    /// The `age1…` text.
    package var text: String { Bech32.encode(prefix: Self.bechPrefix, publicKey) }

    package func wrap(_ fileKey: FileKey) throws -> [Stanza] {
        let ephemeral = try SecretBytes.random(count: 32)
        let share = try Curve.x25519.publicKey(of: ephemeral)
        guard let shared = try x25519SharedSecret(ephemeral, publicKey) else {
            throw Diagnostic(.keyInvalid, "cannot encrypt to '\(text)'", cause: "the key is a point of low order")
        }
        let body = try fileKey.sealed(under: Self.wrapKey(shared: shared, share: share, recipient: publicKey))
        let encodedShare = String(decoding: Base64.encode(share), as: UTF8.self)
        return [Stanza(arguments: [Self.stanzaType, encodedShare], body: body)]
    }

    static func wrapKey(shared: SecretBytes, share: [UInt8], recipient: [UInt8]) throws -> SecretBytes {
        try hkdfSHA256(secret: shared, salt: share + recipient, info: "age-encryption.org/v1/X25519")
    }

    private static func refusal(of text: String) -> Diagnostic {
        let upper = text.uppercased()
        if upper.hasPrefix(X25519Identity.bechPrefix + "1") {
            return Diagnostic(
                .keyInvalid,
                "a secret key stands where an age recipient is expected",
                hint: "Give the public key, which starts with 'age1', and keep the secret key out of settings."
            )
        }
        if upper.hasPrefix("AGE1"), upper.dropFirst(4).contains("1") {
            return Diagnostic(
                .keyInvalid,
                "unsupported kind of age recipient",
                cause: "only X25519 recipients can be used, not plugins or post-quantum keys",
                hint: "Create a key pair with 'age-keygen' and give its public key."
            )
        }
        return Diagnostic(
            .keyInvalid,
            "malformed age recipient",
            cause: upper.hasPrefix("AGE1") ? "its checksum or length is wrong" : "it does not start with 'age1'",
            hint: "Copy the whole public key again."
        )
    }
}

extension X25519Recipient: CustomStringConvertible {
    /// The `age1…` text.
    package var description: String { text }
}
