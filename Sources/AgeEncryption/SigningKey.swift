import Diagnostics

/// An Ed25519 secret that signs points and records, written `LIFEBOAT-SIGNER-SECRET-1…`: Bech32 of the 32-byte seed.
package struct SigningKey: Sendable {
    private static let bechPrefix = "LIFEBOAT-SIGNER-SECRET-"

    private let seed: SecretBytes
    /// What others check the signatures with.
    package let verifyingKey: VerifyingKey

    private init(seed: SecretBytes) throws {
        self.seed = seed
        verifyingKey = VerifyingKey(publicKey: try Curve.ed25519.publicKey(of: seed))
    }

    /// Takes a seed of 32 bytes and overwrites the array.
    package init(wipingSeed seed: inout [UInt8]) throws {
        guard seed.count == 32 else { throw Self.malformed }
        try self.init(seed: SecretBytes(wiping: &seed))
    }

    /// Reads `LIFEBOAT-SIGNER-SECRET-1…`; the error never repeats the text.
    package init(_ text: String) throws {
        guard var parts = Bech32.decode(text), parts.prefix == Self.bechPrefix else { throw Self.malformed }
        try self.init(wipingSeed: &parts.bytes)
    }

    /// A new key from the system's generator.
    package static func generate() throws -> SigningKey {
        try SigningKey(seed: .random(count: 32))
    }

    /// The `LIFEBOAT-SIGNER-SECRET-1…` text: for key files only, never for a log.
    package var secretText: String {
        seed.withBytes { Bech32.encode(prefix: Self.bechPrefix.lowercased(), Array($0)) }.uppercased()
    }

    /// The 64-byte signature of `message`.
    package func sign(_ message: [UInt8]) throws -> [UInt8] {
        try ed25519Signature(of: message, by: seed)
    }

    private static var malformed: Diagnostic {
        Diagnostic(
            .keyInvalid,
            "malformed signing key",
            cause: "it is not '\(bechPrefix)1' followed by a key with a correct checksum",
            hint: "Copy the whole key again."
        )
    }
}
