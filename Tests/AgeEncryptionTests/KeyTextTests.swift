import Diagnostics
import Testing

@testable import AgeEncryption

@Suite("keys as text")
struct KeyTextTests {
    @Test("Bech32 takes the valid strings of BIP 173")
    func bech32() {
        for text in [
            "A12UEL5L", "a12uel5l", "?1ezyfcl", "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
        ] {
            #expect(Bech32.decode(text) != nil, "\(text)")
        }
        #expect(Bech32.decode("A12UEL5L")?.prefix == "A")
        #expect(Bech32.encode(prefix: "a", []) == "a12uel5l")
    }

    @Test("Bech32 refuses every other string")
    func bech32Refusals() {
        let hostile = [
            "", "1", "a", "1qzzfhee", "a12uel5", "a12UEL5L", "x1b4n0q5v", "li1dgmt3", "de1lg7wt\u{ff}", "10a06t8",
            "\u{20}1nwldj5", "a1\u{e9}",
        ]
        for text in hostile { #expect(Bech32.decode(text) == nil, "\(text)") }
    }

    @Test("every single wrong character of a key is noticed")
    func everyTypo() throws {
        let text = Array(try X25519Identity.generate().recipient.text)
        for index in text.indices.dropFirst(4) {
            var changed = text
            changed[index] = text[index] == "q" ? "p" : "q"
            #expect(throws: Diagnostic.self) { try X25519Recipient(String(changed)) }
        }
    }

    @Test("an identity survives being written down")
    func identityText() throws {
        let identity = try X25519Identity.generate()
        let again = try X25519Identity(identity.secretText)
        #expect(again.recipient == identity.recipient)
        #expect(again.secretText == identity.secretText)
        #expect(try X25519Recipient(identity.recipient.text) == identity.recipient)
    }

    @Test("what is not a key in its one spelling is refused, and no secret is repeated")
    func refusals() throws {
        let identity = try X25519Identity.generate()
        let secret = identity.secretText
        for text in [
            "", "age1", secret.lowercased(), " \(secret)", "\(secret)\n", identity.recipient.text,
            String(secret.dropLast()),
        ] {
            let error = #expect(throws: Diagnostic.self) { try X25519Identity(text) }
            #expect(error?.code == .keyInvalid)
        }
        let publicText = identity.recipient.text
        for text in [
            "", "age1", publicText.uppercased(), "\(publicText) ", secret, String(secret.dropLast()), "lbsig1qqqq",
        ] {
            let error = #expect(throws: Diagnostic.self) { try X25519Recipient(text) }
            #expect(error?.code == .keyInvalid)
            #expect(error?.description.contains(secret.suffix(30)) == false)
        }
    }

    @Test("a secret pasted as a recipient is called what it is")
    func secretAsRecipient() throws {
        let identity = try X25519Identity.generate()
        let error = #expect(throws: Diagnostic.self) { try X25519Recipient(identity.secretText) }
        #expect(error?.summary == "a secret key stands where an age recipient is expected")
    }

    @Test("printing a key object shows nothing of the key")
    func printing() throws {
        let identity = try X25519Identity.generate()
        let signer = try SigningKey.generate()
        var dumped = "\(identity) \(signer)"
        dump(identity, to: &dumped)
        dump(signer, to: &dumped)
        #expect(!dumped.contains("SECRET-KEY"))
        #expect(!dumped.contains("SIGNER-SECRET"))
        #expect(dumped.contains("SecretBytes"))
    }
}
