import AgeEncryption
import Diagnostics
import Streams
import Testing

@Suite("age files that we write and read")
struct RoundTripTests {
    @Test("every size around a chunk border comes back", arguments: sizesAroundChunkBorders)
    func roundTrip(size: Int) throws {
        let identity = try X25519Identity.generate()
        let plaintext = sampleBytes(size)
        let file = try encrypted(plaintext, to: [identity.recipient])
        #expect(try decrypted(file, by: [identity]) == plaintext)
    }

    @Test("the size of the writes does not matter", arguments: [1, 7, 4096, 65_535, 65_536, 65_537, 100_000])
    func pieces(size: Int) throws {
        let identity = try X25519Identity.generate()
        let plaintext = sampleBytes(size < 100 ? 3000 : 196_608)
        let file = try encrypted(plaintext, to: [identity.recipient], pieceSize: size)
        #expect(try decrypted(file, by: [identity]) == plaintext)
        let slow = try AgeDecryptor(TricklingSource(file), identities: [identity])
        #expect(try slow.readAll(limit: 1 << 20) == plaintext)
    }

    @Test("each of several recipients can read, whoever else could")
    func severalRecipients() throws {
        let identities = try (0..<20).map { _ in try X25519Identity.generate() }
        let file = try encrypted([1, 2, 3], to: identities.map(\.recipient))
        for identity in identities { #expect(try decrypted(file, by: [identity]) == [1, 2, 3]) }
        let stranger = try X25519Identity.generate()
        #expect(try decrypted(file, by: [stranger, identities[19]]) == [1, 2, 3])
    }

    @Test("a stranger gets key-wrong and not one byte")
    func stranger() throws {
        let file = try encrypted([1, 2, 3], to: [try X25519Identity.generate().recipient])
        let stranger = try X25519Identity.generate()
        let error = #expect(throws: Diagnostic.self) { try decrypted(file, by: [stranger]) }
        #expect(error?.code == .keyWrong)
        #expect(error?.summary == "cannot decrypt 'sample.age'")
    }

    @Test("nothing is encrypted to nobody")
    func noRecipient() {
        let error = #expect(throws: Diagnostic.self) { try encrypted([], to: []) }
        #expect(error?.code == .keyMissing)
    }

    @Test("a passphrase opens what was encrypted to it, and another one does not")
    func passphrase() throws {
        let recipient = try ScryptRecipient(passphrase: SecretBytes(utf8: "correct horse"), workFactor: 4)
        let file = try encrypted([1, 2, 3], to: [recipient])
        #expect(try decrypted(file, by: [ScryptIdentity(passphrase: SecretBytes(utf8: "correct horse"))]) == [1, 2, 3])
        let error = #expect(throws: Diagnostic.self) {
            try decrypted(file, by: [ScryptIdentity(passphrase: SecretBytes(utf8: "correct house"))])
        }
        #expect(error?.code == .keyWrong)
    }

    @Test("a passphrase is refused beside another recipient")
    func passphraseAlone() throws {
        let passphrase = try ScryptRecipient(passphrase: SecretBytes(utf8: "a"), workFactor: 1)
        let error = #expect(throws: Diagnostic.self) {
            try encrypted([], to: [passphrase, try X25519Identity.generate().recipient])
        }
        #expect(error?.code == .keyInvalid)
        #expect(throws: Diagnostic.self) { try encrypted([], to: [passphrase, passphrase]) }
    }

    @Test("two encryptions of the same bytes share nothing")
    func freshness() throws {
        let identity = try X25519Identity.generate()
        let first = try encrypted(sampleBytes(1000), to: [identity.recipient])
        let second = try encrypted(sampleBytes(1000), to: [identity.recipient])
        #expect(first.suffix(1000) != second.suffix(1000))
        #expect(
            try AgeHeader.parse(from: MemorySource(first)).stanzas
                != AgeHeader.parse(from: MemorySource(second)).stanzas
        )
    }
}
