import AgeEncryption
import Diagnostics
import Streams

extension FuzzTarget {
    /// The readers of age files and keys.
    static func encryption() throws -> [FuzzTarget] {
        let identity = try X25519Identity.generate()
        let content = Array("some rows of text\n".utf8)
        let file = try sealed(content, to: identity)
        let long = try sealed([UInt8](repeating: 7, count: 66_000), to: identity)
        let headerWords = ["age-encryption.org/v1\n", "-> X25519 ", "-> scrypt ", "---", "--- ", "\n", "AAAA", "-> "]
        return [
            FuzzTarget("age-header", seeds: [file], words: headerWords) { bytes in
                _ = try? AgeHeader.parse(from: MemorySource(bytes))
            },
            FuzzTarget("age-payload", seeds: [file, long], words: headerWords) { bytes in
                guard let reader = try? AgeDecryptor(MemorySource(bytes), identities: [identity]),
                    let plain = try? reader.readAll(limit: 1 << 20)
                else { return }
                // What decrypts to its end was encrypted so.
                try require(plain == content || plain.count == 66_000, "a changed age file decrypts")
            },
            FuzzTarget("age-range", seeds: [file, long], words: headerWords) { bytes in
                let source = try? AgeRangeReader(
                    identities: [identity],
                    ciphertextLength: Int64(bytes.count),
                    named: "fuzz",
                    fetch: { range in
                        precondition(range.lowerBound >= 0 && range.upperBound <= Int64(bytes.count), "beyond the end")
                        return MemorySource(Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
                    }
                )
                guard let source, source.plaintextLength > 0 else { return }
                _ = try? source.source(for: 0..<source.plaintextLength).readAll(limit: 1 << 20)
                try? source.checkEnd()
            },
            FuzzTarget(
                "identity-file",
                texts: ["# comment\n\(identity.secretText)\n"],
                words: ["AGE-SECRET-KEY-1", "#", "\r"]
            ) { text in
                _ = try? IdentityFile(Array(text.utf8), named: "fuzz") { throw FuzzFinding("no passphrase") }
            },
            FuzzTarget("recipient", texts: [identity.recipient.text], words: ["age1", "AGE1", "lbsig1"]) { text in
                if let read = try? X25519Recipient(text) {
                    try require(read.text == text, "'\(text)' has two spellings")
                }
                if let read = try? VerifyingKey(text) { try require(read.text == text, "'\(text)' has two spellings") }
            },
        ]
    }

    private static func sealed(_ bytes: [UInt8], to identity: X25519Identity) throws -> [UInt8] {
        let sink = MemorySink()
        let encryptor = try AgeEncryptor(to: [identity.recipient], into: sink)
        try encryptor.write(contentsOf: bytes)
        try encryptor.finish()
        return sink.bytes
    }
}
