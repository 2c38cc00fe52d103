import Diagnostics

/// A passphrase that can open a file encrypted to it.
package struct ScryptIdentity: Identity {
    private let passphrase: SecretBytes
    private let workFactorLimit: Int

    /// Creates an identity.
    ///
    /// A header that asks for more than `workFactorLimit` is refused before anything is computed: 22 costs 4 GiB of
    /// memory, and whoever wrote the file chooses the factor.
    package init(passphrase: SecretBytes, workFactorLimit: Int = 22) {
        self.passphrase = passphrase
        self.workFactorLimit = workFactorLimit
    }

    /// The file key of the only stanza; blocks for as long as scrypt takes.
    package func unwrap(_ stanzas: [Stanza]) throws -> FileKey? {
        guard let stanza = stanzas.first(where: { $0.type == ScryptRecipient.stanzaType }) else { return nil }
        guard stanzas.count == 1 else {
            throw AgeFailure.header("a passphrase stanza stands beside another recipient")
        }
        guard stanza.arguments.count == 3, let salt = Base64.decode(stanza.arguments[1].utf8),
            salt.count == ScryptRecipient.saltSize
        else { throw AgeFailure.header("the scrypt stanza does not hold a 16-byte salt and a work factor") }
        let workFactor = try Self.workFactor(stanza.arguments[2])
        guard workFactor <= workFactorLimit else {
            throw AgeFailure.header(
                "the scrypt work factor is \(workFactor), and more than \(workFactorLimit) is refused"
            )
        }
        // Checked here too, before the expensive part.
        guard stanza.body.count == FileKey.size + SealedBox.tagSize else {
            throw AgeFailure.header(
                "the scrypt stanza holds \(stanza.body.count) bytes where a wrapped file key has 32"
            )
        }
        let wrapKey = try ScryptRecipient.wrapKey(passphrase: passphrase, salt: salt, workFactor: workFactor)
        return try FileKey.opened(stanza.body, under: wrapKey)
    }

    /// A decimal number without sign or leading zero.
    private static func workFactor(_ text: String) throws -> Int {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), !text.hasPrefix("0"), text.utf8.count <= 9,
            let value = Int(text)
        else { throw AgeFailure.header("the scrypt work factor is not a decimal number") }
        return value
    }
}
