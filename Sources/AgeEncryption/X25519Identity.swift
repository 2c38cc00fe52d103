import Diagnostics

/// The secret half of an X25519 key pair, written `AGE-SECRET-KEY-1…`.
package struct X25519Identity: Identity {
    static let bechPrefix = "AGE-SECRET-KEY-"

    private let secret: SecretBytes
    /// Whom to encrypt to so that this identity can read it.
    package let recipient: X25519Recipient

    private init(secret: SecretBytes) throws {
        self.secret = secret
        recipient = X25519Recipient(publicKey: try Curve.x25519.publicKey(of: secret))
    }

    /// Reads `AGE-SECRET-KEY-1…`; the error never repeats the text.
    package init(_ text: String) throws {
        guard var parts = Bech32.decode(text), parts.prefix == Self.bechPrefix, parts.bytes.count == 32 else {
            throw Diagnostic(
                .keyInvalid,
                "malformed age identity",
                cause: "it is not 'AGE-SECRET-KEY-1' followed by a key with a correct checksum",
                hint: "Copy the whole identity again."
            )
        }
        try self.init(secret: SecretBytes(wiping: &parts.bytes))
    }

    /// A new key pair from the system's generator.
    package static func generate() throws -> X25519Identity {
        try X25519Identity(secret: .random(count: 32))
    }

    /// The `AGE-SECRET-KEY-1…` text: for identity files and escrow sheets only, never for a log.
    package var secretText: String {
        secret.withBytes { Bech32.encode(prefix: Self.bechPrefix.lowercased(), Array($0)) }.uppercased()
    }

    package func unwrap(_ stanzas: [Stanza]) throws -> FileKey? {
        for stanza in stanzas where stanza.type == X25519Recipient.stanzaType {
            guard stanza.arguments.count == 2, let share = Base64.decode(stanza.arguments[1].utf8), share.count == 32
            else { throw AgeFailure.header("an X25519 stanza does not hold one 32-byte share") }
            guard let shared = try x25519SharedSecret(secret, share) else {
                throw AgeFailure.header("an X25519 stanza holds a point of low order")
            }
            let wrapKey = try X25519Recipient.wrapKey(shared: shared, share: share, recipient: recipient.publicKey)
            if let fileKey = try FileKey.opened(stanza.body, under: wrapKey) { return fileKey }
        }
        return nil
    }
}
