import AgeEncryption
import Diagnostics
import Streams
import Testing

@Suite("we and the age program read each other's files")
struct AgeToolTests {
    private func identityFile(_ identity: X25519Identity) -> [UInt8] {
        Array(IdentityFile.text(for: identity, created: "2026-03-04T02:00:00Z").utf8)
    }

    @Test("age decrypts what we encrypt to two recipients, with either identity", arguments: sizesAroundChunkBorders)
    func oursToAge(size: Int) throws {
        let tool = try AgeTool()
        let identities = [try X25519Identity.generate(), try X25519Identity.generate()]
        let plaintext = sampleBytes(size)
        try tool.write(encrypted(plaintext, to: identities.map(\.recipient)), to: "file.age")
        for (index, identity) in identities.enumerated() {
            try tool.write(identityFile(identity), to: "key")
            // age creates its output with the first byte, so that an empty one would not come into being.
            try tool.write([], to: "out\(index)")
            let result = try tool.run([
                "age", "-d", "-i", tool.path("key"), "-o", tool.path("out\(index)"), tool.path("file.age"),
            ])
            #expect(result.status == 0, "\(result.output)")
            #expect(try tool.read("out\(index)") == plaintext)
        }
    }

    @Test("we decrypt what age encrypts to two recipients, with either identity", arguments: sizesAroundChunkBorders)
    func ageToOurs(size: Int) throws {
        let tool = try AgeTool()
        let plaintext = sampleBytes(size)
        try tool.write(plaintext, to: "plain")
        let identities = [try X25519Identity.generate(), try X25519Identity.generate()]
        let recipients = identities.flatMap { ["-r", $0.recipient.text] }
        let result = try tool.run(["age"] + recipients + ["-o", tool.path("file.age"), tool.path("plain")])
        #expect(result.status == 0, "\(result.output)")
        let file = try tool.read("file.age")
        for identity in identities { #expect(try decrypted(file, by: [identity]) == plaintext) }
    }

    @Test("age-keygen agrees which recipient belongs to an identity of ours")
    func publicKey() throws {
        let tool = try AgeTool()
        let identity = try X25519Identity.generate()
        try tool.write(identityFile(identity), to: "key")
        let result = try tool.run(["age-keygen", "-y", tool.path("key")])
        #expect(result.output == "\(identity.recipient.text)\n")
    }

    @Test("we read the identity file that age-keygen writes, and write the like")
    func keygen() throws {
        let tool = try AgeTool()
        try #require(tool.run(["age-keygen", "-o", tool.path("key")]).status == 0)
        let written = try tool.read("key")
        let file = try IdentityFile(written, named: "key") { SecretBytes(utf8: "") }
        let identity = try #require(file.identities.first)
        let text = String(decoding: written, as: UTF8.self)
        #expect(text.contains("# public key: \(identity.recipient.text)\n"))
        let created = try #require(text.firstMatch(of: /# created: (.*)\n/)).1
        #expect(IdentityFile.text(for: identity, created: String(created)) == text)
    }

    @Test("age opens a passphrase-protected identity file of ours and uses it")
    func protectedIdentityOursToAge() throws {
        let tool = try AgeTool()
        let identity = try X25519Identity.generate()
        let passphrase = try ScryptRecipient(passphrase: SecretBytes(utf8: "löwe im boot"), workFactor: 10)
        let text = IdentityFile.text(for: identity, created: "2026-03-04T02:00:00Z")
        try tool.write(IdentityFile.encrypt(text, to: passphrase), to: "key.age")
        try tool.write(encrypted([1, 2, 3], to: [identity.recipient]), to: "file.age")
        let command = "age -d -i \(tool.path("key.age")) -o \(tool.path("out")) \(tool.path("file.age"))"
        let result = try tool.runOnTerminal(command, typing: "löwe im boot\n")
        #expect(result.status == 0, "\(result.output)")
        #expect(try tool.read("out") == [1, 2, 3])
        let refused = try tool.runOnTerminal(command, typing: "another\n")
        #expect(refused.status != 0)
    }

    @Test("we open an identity file that age protected with a passphrase")
    func protectedIdentityAgeToOurs() throws {
        let tool = try AgeTool()
        let identity = try X25519Identity.generate()
        try tool.write(identityFile(identity), to: "key")
        let command = "age -p -o \(tool.path("key.age")) \(tool.path("key"))"
        let result = try tool.runOnTerminal(command, typing: "sea-worthy\nsea-worthy\n")
        #expect(result.status == 0, "\(result.output)")
        let bytes = try tool.read("key.age")
        #expect(IdentityFile.isEncrypted(bytes))
        let file = try IdentityFile(bytes, named: "key.age") { SecretBytes(utf8: "sea-worthy") }
        #expect(file.identities.map(\.recipient) == [identity.recipient])
        let error = #expect(throws: Diagnostic.self) {
            try IdentityFile(bytes, named: "key.age") { SecretBytes(utf8: "seaworthy") }
        }
        #expect(error?.code == .keyWrong)
        #expect(error?.summary == "cannot decrypt identity file 'key.age'")
    }
}
