import AgeEncryption
import Diagnostics
import Testing

@Suite("identity files")
struct IdentityFileTests {
    private func parse(_ text: String) throws -> IdentityFile {
        try IdentityFile(Array(text.utf8), named: "keys.txt") { throw Diagnostic(.keyMissing, "no passphrase at hand") }
    }

    @Test("several identities, comments and empty lines, either line ending")
    func several() throws {
        let first = try X25519Identity.generate()
        let second = try X25519Identity.generate()
        let file = try parse("# operator\r\n\r\n\(first.secretText)\r\n\n# escrow\n\(second.secretText)")
        #expect(file.identities.map(\.recipient) == [first.recipient, second.recipient])
    }

    @Test("a bad line is named and never shown")
    func badLine() throws {
        let secret = try X25519Identity.generate().secretText
        let error = #expect(throws: Diagnostic.self) { try parse("# mine\n\(secret.dropLast())\n") }
        #expect(error?.code == .keyInvalid)
        #expect(error?.summary == "malformed age identity in line 2 of identity file 'keys.txt'")
        #expect(error?.description.contains(secret.dropFirst(20).prefix(20)) == false)
    }

    @Test("a file without identities is refused", arguments: ["", "\n\n", "# only a comment\n"])
    func none(text: String) {
        let error = #expect(throws: Diagnostic.self) { try parse(text) }
        #expect(error?.summary == "identity file 'keys.txt' holds no identity")
    }

    @Test(
        "kinds that we cannot use are told from typos",
        arguments: ["AGE-PLUGIN-YUBIKEY-1QQ", "AGE-SECRET-KEY-PQ-1QQ", "-----BEGIN OPENSSH PRIVATE KEY-----"]
    )
    func foreignKinds(line: String) {
        let error = #expect(throws: Diagnostic.self) { try parse(line) }
        #expect(error?.summary == "unsupported kind of identity in line 1 of identity file 'keys.txt'")
    }

    @Test("the passphrase is asked for only when the file is encrypted, and a refusal passes through")
    func passphraseOnDemand() throws {
        let identity = try X25519Identity.generate()
        let text = IdentityFile.text(for: identity, created: "2026-03-04T02:00:00Z")
        #expect(try parse(text).identities.count == 1)
        let recipient = try ScryptRecipient(passphrase: SecretBytes(utf8: "x"), workFactor: 2)
        let bytes = try IdentityFile.encrypt(text, to: recipient)
        let file = try IdentityFile(bytes, named: "keys.age") { SecretBytes(utf8: "x") }
        #expect(file.identities.map(\.recipient) == [identity.recipient])
        let error = #expect(throws: Diagnostic.self) {
            try IdentityFile(bytes, named: "keys.age") { throw Diagnostic(.keyMissing, "no passphrase at hand") }
        }
        #expect(error?.code == .keyMissing)
    }

    @Test("an empty passphrase protects nothing and is refused")
    func emptyPassphrase() {
        #expect(throws: Diagnostic.self) { try ScryptRecipient(passphrase: SecretBytes(utf8: "")) }
    }
}
