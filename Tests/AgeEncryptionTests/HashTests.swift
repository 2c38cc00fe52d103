import AgeEncryption
import Streams
import Testing

@Suite("SHA-256, hexadecimal and random bytes")
struct HashTests {
    @Test("the digests of FIPS 180-2's examples")
    func knownAnswers() {
        #expect(
            Hex.encode(SHA256.digest(of: Array("abc".utf8)))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        #expect(
            Hex.encode(SHA256.digest(of: []))
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        )
    }

    @Test("pieces hash as the whole, and pass on unchanged")
    func sink() throws {
        let bytes = sampleBytes(10_000)
        let output = MemorySink()
        let sink = HashingSink(into: output)
        for start in stride(from: 0, to: bytes.count, by: 333) {
            try sink.write(contentsOf: Array(bytes[start..<min(start + 333, bytes.count)]))
        }
        try sink.finish()
        #expect(output.bytes == bytes)
        #expect(output.isFinished)
        #expect(sink.byteCount == 10_000)
        #expect(sink.digest == SHA256.digest(of: bytes))
    }

    @Test("hexadecimal has one spelling")
    func hex() {
        #expect(Hex.encode([0x00, 0x9f, 0xff]) == "009fff")
        #expect(Hex.decode("009fff") == [0x00, 0x9f, 0xff])
        #expect(Hex.decode("") == [])
        for text in ["0", "0g", "FF", "é0", " 00", "/0", ":0"] { #expect(Hex.decode(text) == nil) }
    }

    @Test("random bytes differ each time")
    func random() throws {
        #expect(try randomBytes(16) != randomBytes(16))
        #expect(try randomBytes(0).isEmpty)
        #expect(try randomBytes(100_000).count == 100_000)
    }

    @Test("the constant-time comparison compares")
    func comparison() {
        #expect(constantTimeEqual([1, 2, 3], [1, 2, 3]))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2]))
        #expect(constantTimeEqual([], []))
    }
}
