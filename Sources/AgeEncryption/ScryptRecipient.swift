import Diagnostics

/// A passphrase to encrypt to; it must be a file's only recipient.
package struct ScryptRecipient: Recipient {
    static let stanzaType = "scrypt"
    static let saltSize = 16

    private let passphrase: SecretBytes
    private let workFactor: Int

    /// Creates a recipient.
    ///
    /// `workFactor` is the base-two logarithm of scrypt's cost: 18 takes about a second and 256 MiB; less is for tests.
    package init(passphrase: SecretBytes, workFactor: Int = 18) throws {
        guard passphrase.count > 0 else { throw Diagnostic(.keyInvalid, "the passphrase is empty") }
        precondition((1...22).contains(workFactor), "no reader accepts a work factor of \(workFactor)")
        self.passphrase = passphrase
        self.workFactor = workFactor
    }

    /// Wraps the file key; blocks for as long as scrypt takes.
    package func wrap(_ fileKey: FileKey) throws -> [Stanza] {
        let salt = try randomBytes(Self.saltSize)
        let wrapKey = try Self.wrapKey(passphrase: passphrase, salt: salt, workFactor: workFactor)
        let encodedSalt = String(decoding: Base64.encode(salt), as: UTF8.self)
        let arguments = [Self.stanzaType, encodedSalt, String(workFactor)]
        return [Stanza(arguments: arguments, body: try fileKey.sealed(under: wrapKey))]
    }

    static func wrapKey(passphrase: SecretBytes, salt: [UInt8], workFactor: Int) throws -> SecretBytes {
        let label = Array("age-encryption.org/v1/scrypt".utf8)
        return try scryptKey(passphrase: passphrase, salt: label + salt, workFactor: workFactor)
    }
}
