package import AgeEncryption
import Diagnostics

/// How the operator's identity, which opens every backup, lies on this machine.
package enum OperatorIdentityState: String, Sendable, Codable {
    /// It is kept elsewhere: this machine cannot read rows.
    case absent
    /// Whoever reads the file can read every backup.
    case open
    /// A passphrase opens it.
    case protected
}

extension Keyring {
    /// What is in the keyring's folder now.
    package func operatorIdentityState() throws -> OperatorIdentityState {
        guard let bytes = try KeyringFolder(path: folder).read(.operatorIdentity) else { return .absent }
        return IdentityFile.isEncrypted(bytes) ? .protected : .open
    }

    /// Where the operator's identity lies, or would.
    package var operatorIdentityPath: String { KeyringFolder(path: folder).path(of: .operatorIdentity) }

    /// Replaces the operator's identity by the same one encrypted to a passphrase.
    ///
    /// The new file is decrypted again before it takes the old one's place. Blocks for as long as scrypt takes, twice.
    package func protectOperatorIdentity(with passphrase: SecretBytes) throws {
        let files = KeyringFolder(path: folder)
        try files.withLock {
            guard let bytes = try files.read(.operatorIdentity) else {
                throw Diagnostic(
                    .keyMissing,
                    "there is no identity to protect in '\(folder)'",
                    hint: "Run this on the machine that holds 'operator.identity'."
                )
            }
            guard !IdentityFile.isEncrypted(bytes) else {
                throw Diagnostic(
                    .keyInvalid,
                    "'\(operatorIdentityPath)' is protected already",
                    hint: "Decrypt it with 'age -d' first to choose another passphrase."
                )
            }
            let before = try recipients(of: bytes, passphrase)
            let text = String(decoding: bytes, as: UTF8.self)
            let encrypted = try IdentityFile.encrypt(text, to: ScryptRecipient(passphrase: passphrase))
            guard try recipients(of: encrypted, passphrase) == before else {
                throw Diagnostic(.internalError, "the protected identity does not read back; nothing was changed")
            }
            let key = ObjectKey(joining: [KeyringFile.operatorIdentity.rawValue])
            try FolderStore(path: folder).replace(key, with: encrypted)
        }
    }

    private func recipients(of bytes: [UInt8], _ passphrase: SecretBytes) throws -> [String] {
        try IdentityFile(bytes, named: operatorIdentityPath) { passphrase }.identities.map(\.recipient.text)
    }
}
