import Diagnostics
import Streams

/// A text file of age identities, one a line, with `#` comments; the whole file may itself be encrypted to a passphrase.
package struct IdentityFile: Sendable {
    /// More than any real identity file.
    private static let sizeLimit = 1 << 20

    /// The identities in the order they stand; never empty.
    package let identities: [X25519Identity]

    /// Whether these are the bytes of an encrypted file, so that a passphrase will be asked for.
    package static func isEncrypted(_ bytes: [UInt8]) -> Bool {
        bytes.starts(with: "age-encryption.org/".utf8)
    }

    /// Reads a file; `passphrase` is called only when the file is encrypted, and may throw to refuse.
    ///
    /// Blocks for as long as scrypt takes. Errors name the file and the line and never show what stands there.
    package init(_ bytes: [UInt8], named name: String, passphrase: () throws -> SecretBytes) throws {
        guard Self.isEncrypted(bytes) else {
            identities = try Self.parse(bytes, named: name)
            return
        }
        var text = try Self.decrypt(bytes, named: name, identity: ScryptIdentity(passphrase: passphrase()))
        defer { text.withUnsafeMutableBytes { wipe($0) } }
        identities = try Self.parse(text, named: name)
    }

    private static func decrypt(_ bytes: [UInt8], named name: String, identity: ScryptIdentity) throws -> [UInt8] {
        do {
            return try AgeDecryptor(MemorySource(bytes), identities: [identity], named: name).readAll(limit: sizeLimit)
        } catch let diagnostic as Diagnostic where diagnostic.code == .keyWrong {
            throw Diagnostic(
                .keyWrong,
                "cannot decrypt identity file '\(name)'",
                cause: "the passphrase does not open it",
                hint: "Type the passphrase that the file was protected with."
            )
        } catch is SourceTooLarge {
            throw Diagnostic(.keyInvalid, "identity file '\(name)' is longer than \(sizeLimit >> 10) KiB")
        }
    }

    private static func parse(_ bytes: [UInt8], named name: String) throws -> [X25519Identity] {
        var identities: [X25519Identity] = []
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            // Files from other systems end their lines with CR LF, and a line of the escrow sheet begins with blanks.
            let line = (line.last == 0x0D ? line.dropLast() : line).drop { $0 == 0x20 }
            guard let first = line.first, first != 0x23 else { continue }
            identities.append(try identity(line, at: "line \(index + 1) of identity file '\(name)'"))
        }
        guard !identities.isEmpty else { throw Diagnostic(.keyInvalid, "identity file '\(name)' holds no identity") }
        return identities
    }

    private static func identity(_ line: ArraySlice<UInt8>, at place: String) throws -> X25519Identity {
        let isForeignKind =
            line.starts(with: "AGE-PLUGIN-".utf8) || line.starts(with: "AGE-SECRET-KEY-PQ-".utf8)
            || line.starts(with: "-----BEGIN ".utf8)
        guard !isForeignKind else {
            throw Diagnostic(
                .keyInvalid,
                "unsupported kind of identity in \(place)",
                cause: "only X25519 identities can be used, not plugins, SSH, armored or post-quantum keys",
                hint: "Create an identity with 'age-keygen'."
            )
        }
        do {
            return try X25519Identity(String(decoding: line, as: UTF8.self))
        } catch let diagnostic as Diagnostic {
            throw Diagnostic(
                .keyInvalid,
                "malformed age identity in \(place)",
                cause: diagnostic.cause,
                hint: diagnostic.hint
            )
        }
    }

    /// The text of a file with one identity, as `age-keygen` writes it; `created` is a time in RFC 3339.
    package static func text(for identity: X25519Identity, created: String) -> String {
        """
        # created: \(created)
        # public key: \(identity.recipient.text)
        \(identity.secretText)

        """
    }

    /// An identity file's text encrypted to a passphrase, which `age -d` and `age -i` can read as well.
    package static func encrypt(_ text: String, to recipient: ScryptRecipient) throws -> [UInt8] {
        let output = MemorySink()
        let encryptor = try AgeEncryptor(to: [recipient], into: output)
        try encryptor.write(text: text)
        try encryptor.finish()
        return output.bytes
    }
}
