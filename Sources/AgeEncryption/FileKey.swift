/// The 128-bit key of one age file, from which the header's and the payload's keys are derived.
package struct FileKey: Sendable {
    static let size = 16

    let secret: SecretBytes

    /// A key for a new file.
    static func generate() throws -> FileKey {
        FileKey(secret: try .random(count: size))
    }

    /// The key of the header's HMAC.
    func headerKey() throws -> SecretBytes {
        try hkdfSHA256(secret: secret, salt: [], info: "header")
    }

    /// The key of the payload's chunks.
    func payloadKey(nonce: [UInt8]) throws -> SecretBytes {
        try hkdfSHA256(secret: secret, salt: nonce, info: "payload")
    }

    /// The key sealed for one recipient; every wrap key is used once, so the nonce is zero.
    func sealed(under wrapKey: SecretBytes) throws -> [UInt8] {
        let box = try SealedBox(key: wrapKey, sealing: true)
        var body = [UInt8](repeating: 0, count: Self.size + SealedBox.tagSize)
        try body.withUnsafeMutableBytes { output in
            try secret.withBytes { try box.seal($0, nonce: Self.zeroNonce, into: output) }
        }
        return body
    }

    /// The key in a stanza's body; nil when `wrapKey` does not open it.
    ///
    /// The length is checked before anything is decrypted: a body that opens under several keys would otherwise tell an
    /// attacker which key a victim holds.
    static func opened(_ body: [UInt8], under wrapKey: SecretBytes) throws -> FileKey? {
        guard body.count == size + SealedBox.tagSize else {
            throw AgeFailure.header("a stanza holds \(body.count) bytes where a wrapped file key has 32")
        }
        let box = try SealedBox(key: wrapKey, sealing: false)
        var isAuthentic = false
        let secret = SecretBytes(count: size) { output in
            isAuthentic = body.withUnsafeBytes { box.open($0, nonce: zeroNonce, into: output) }
        }
        return isAuthentic ? FileKey(secret: secret) : nil
    }

    private static let zeroNonce = [UInt8](repeating: 0, count: SealedBox.nonceSize)
}
