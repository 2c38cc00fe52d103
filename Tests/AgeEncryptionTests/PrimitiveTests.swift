import Testing

@testable import AgeEncryption

@Suite("the primitives agree with their RFCs")
struct PrimitiveTests {
    private func secret(_ hex: String) throws -> SecretBytes {
        var bytes = try #require(Hex.decode(hex))
        return SecretBytes(wiping: &bytes)
    }

    private func hex(_ secret: SecretBytes) -> String { secret.withBytes { Hex.encode(Array($0)) } }

    @Test("X25519: RFC 7748, 6.1")
    func x25519() throws {
        let alice = try secret("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
        let bob = try secret("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
        let alicePublic = try Curve.x25519.publicKey(of: alice)
        let bobPublic = try Curve.x25519.publicKey(of: bob)
        #expect(Hex.encode(alicePublic) == "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
        #expect(Hex.encode(bobPublic) == "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
        let shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"
        #expect(try x25519SharedSecret(alice, bobPublic).map(hex) == shared)
        #expect(try x25519SharedSecret(bob, alicePublic).map(hex) == shared)
    }

    @Test("X25519 refuses points of low order")
    func lowOrder() throws {
        let own = try SecretBytes.random(count: 32)
        #expect(try x25519SharedSecret(own, [UInt8](repeating: 0, count: 32)) == nil)
        #expect(try x25519SharedSecret(own, [1] + [UInt8](repeating: 0, count: 31)) == nil)
    }

    @Test("HKDF-SHA-256: the first block of RFC 5869, A.3, with neither salt nor info")
    func hkdf() throws {
        let input = try secret(String(repeating: "0b", count: 22))
        let expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
        #expect(hex(try hkdfSHA256(secret: input, salt: [], info: "")) == expected)
        #expect(hex(try hkdfSHA256(secret: input, salt: [0], info: "a")) != expected)
    }

    @Test("HMAC-SHA-256: RFC 4231, 4.3")
    func hmac() throws {
        let mac = try hmacSHA256(key: SecretBytes(utf8: "Jefe"), message: Array("what do ya want for nothing?".utf8))
        #expect(Hex.encode(mac) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    @Test("scrypt: RFC 7914, 12, third vector")
    func scrypt() throws {
        let salt = Array("SodiumChloride".utf8)
        let key = try scryptKey(passphrase: SecretBytes(utf8: "pleaseletmein"), salt: salt, workFactor: 14)
        #expect(hex(key) == "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2")
    }

    @Test("base64 has one spelling for every length")
    func base64() {
        for count in 0..<100 {
            let bytes = Array(sampleBytes(100)[..<count])
            let text = Base64.encode(bytes)
            #expect(text.count == (count * 4 + 2) / 3)
            #expect(Base64.decode(text) == bytes)
        }
        for text in ["A", "AB", "AAB", "AA==", "AA=", "A A", "AA\n", "-_-_", "AAAAA"] {
            #expect(Base64.decode(text.utf8) == nil, "\(text)")
        }
    }
}
