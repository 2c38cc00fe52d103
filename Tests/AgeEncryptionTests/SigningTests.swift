@testable import AgeEncryption
import Diagnostics
import Testing

@Suite("Ed25519 signatures")
struct SigningTests {
    /// Seed, public key, message, signature: RFC 8032, 7.1, tests 1 to 3.
    static let knownAnswers: [(seed: String, key: String, message: String, signature: String)] = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ]

    @Test("signatures agree with RFC 8032", arguments: 0..<3)
    func knownAnswer(index: Int) throws {
        let answer = Self.knownAnswers[index]
        var seed = try #require(Hex.decode(answer.seed))
        let message = try #require(Hex.decode(answer.message))
        let key = try SigningKey(wipingSeed: &seed)
        #expect(seed.allSatisfy { $0 == 0 })
        #expect(Hex.encode(try key.sign(message)) == answer.signature)
        #expect(key.verifyingKey.verify(try #require(Hex.decode(answer.signature)), of: message))
        #expect(key.verifyingKey == VerifyingKey(publicKey: try #require(Hex.decode(answer.key))))
    }

    @Test("a signature is bound to every bit of message, key and itself")
    func tampering() throws {
        let key = try SigningKey.generate()
        let message = Array("points/shop/2026/03/04".utf8)
        let signature = try key.sign(message)
        #expect(key.verifyingKey.verify(signature, of: message))
        for index in message.indices {
            var changed = message
            changed[index] ^= 1
            #expect(!key.verifyingKey.verify(signature, of: changed))
        }
        for index in signature.indices {
            var changed = signature
            changed[index] ^= 0x80
            #expect(!key.verifyingKey.verify(changed, of: message))
        }
        #expect(!(try SigningKey.generate().verifyingKey.verify(signature, of: message)))
        #expect(!key.verifyingKey.verify(Array(signature.dropLast()), of: message))
        #expect(!key.verifyingKey.verify(signature + [0], of: message))
        #expect(!key.verifyingKey.verify([], of: message))
    }

    @Test("keys survive being written down")
    func texts() throws {
        let key = try SigningKey.generate()
        #expect(key.secretText.hasPrefix("LIFEBOAT-SIGNER-SECRET-1"))
        #expect(key.verifyingKey.text.hasPrefix("lbsig1"))
        let again = try SigningKey(key.secretText)
        #expect(again.verifyingKey == key.verifyingKey)
        #expect(try again.sign([1]) == key.sign([1]))
        #expect(try VerifyingKey(key.verifyingKey.text) == key.verifyingKey)
    }

    @Test("one wrong character is noticed and the secret is not repeated")
    func typo() throws {
        let key = try SigningKey.generate()
        var text = Array(key.secretText)
        text[40] = text[40] == "Q" ? "P" : "Q"
        let error = #expect(throws: Diagnostic.self) { try SigningKey(String(text)) }
        #expect(error?.code == .keyInvalid)
        #expect(error?.description.contains(String(text.suffix(20))) == false)
        #expect(throws: Diagnostic.self) { try VerifyingKey(key.secretText) }
        #expect(throws: Diagnostic.self) { try VerifyingKey(key.verifyingKey.text.uppercased()) }
        #expect(throws: Diagnostic.self) { try SigningKey(key.verifyingKey.text) }
    }
}
