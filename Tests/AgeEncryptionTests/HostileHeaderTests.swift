import Streams
import Testing

@testable import AgeEncryption

@Suite("hostile headers")
struct HostileHeaderTests {
    private let maker: HandmadeFile
    /// Correct lines for the identity.
    private let good: String

    init() throws {
        maker = try HandmadeFile()
        good = try maker.stanza().lines
    }

    private func expect(_ expected: HandmadeFile.Outcome, _ stanzas: String, _ comment: Comment) throws {
        #expect(try maker.outcome(of: maker.file(stanzas)).0 == expected, comment)
    }

    @Test("a well-formed header is read, whatever unknown stanzas stand in it")
    func wellFormed() throws {
        try expect(.success, good, "plain")
        try expect(
            .success,
            "-> grease-grease !#$%&'()*+,-./:;<=>?@[]^_`{|}~ AZaz09\n\n" + good,
            "every printable character"
        )
        try expect(.success, good + "-> x\n\(String(repeating: "A", count: 64))\n\n", "full last line")
        try expect(.success, "-> x\n\(String(repeating: "A", count: 64))\nAAAA\n" + good, "two lines")
        try expect(
            .success,
            try X25519Identity.generate().recipient.wrap(maker.fileKey)[0].lines + good,
            "two recipients"
        )
        try expect(.success, try maker.passphraseStanza().lines, "passphrase")
    }

    @Test(
        "the version line stands alone and is exact",
        arguments: [
            "age-encryption.org/v2\n", "age-encryption.org/v1\r\n", "age-encryption.org/v1 \n", "age-encryption.org/\n",
            "AGE-encryption.org/v1\n", "\nage-encryption.org/v1\n", "-----BEGIN AGE ENCRYPTED FILE-----\n", "",
        ]
    )
    func version(line: String) throws {
        #expect(try maker.outcome(of: maker.header(good, version: line)).0 == .malformedHeader)
    }

    @Test("stanzas follow the grammar to the letter")
    func stanzaGrammar() throws {
        let column64 = String(repeating: "A", count: 64)
        let malformed = [
            "": "no stanza at all",
            "->\n\n\(good)": "no arguments",
            "-> \n\n\(good)": "an empty argument",
            "-> a  b\n\n\(good)": "an empty argument between two",
            "-> a \n\n\(good)": "an empty argument at the end",
            "->a\n\n\(good)": "no space after the arrow",
            "- > a\n\n\(good)": "a split arrow",
            "-> a\tb\n\n\(good)": "a control character",
            "-> \u{e9}\n\n\(good)": "a character outside ASCII",
            "-> a\u{7f}\n\n\(good)": "a delete character",
            "-> a\r\n\n\(good)": "a carriage return",
            "-> a\n\(good)": "no body",
            "-> a\n\(column64)\n\(good)": "no last line after a full one",
            "-> a\n\(column64)A\n\n\(good)": "a line of 65 columns",
            "-> a\nAAAA\nAAAA\n\(good)": "two short lines",
            "-> a\nAA==\n\(good)": "padding",
            "-> a\nAB\n\(good)": "stray bits in the last digit",
            "-> a\nA\n\(good)": "a single digit",
            "-> a\nAA-_\n\(good)": "the other base64 alphabet",
            "-> a\nAA AA\n\(good)": "a space in the body",
            "\n\(good)": "an empty line before",
            "\(good)\n": "an empty line after",
        ]
        for (stanzas, comment) in malformed { try expect(.malformedHeader, stanzas, Comment(rawValue: comment)) }
    }

    @Test("the line with the MAC is exact and the MAC is right")
    func mac() throws {
        let file = try maker.header(good)
        let payload = maker.payload([try maker.chunk([1], number: 0, isLast: true)])
        let start = try #require(file.lastIndex(of: 0x2D)) + 1  // after '---'
        #expect(Array(file[(start - 3)..<start]) == Array("---".utf8))
        let mac = Array(file[(start + 1)...].dropLast())
        func outcome(_ ending: [UInt8]) throws -> HandmadeFile.Outcome {
            try maker.outcome(of: Array(file[..<start]) + ending + payload).0
        }
        #expect(try outcome([0x20] + mac + [0x0A]) == .success)
        #expect(try outcome([0x20] + Base64.encode([UInt8](repeating: 7, count: 32)) + [0x0A]) == .wrongMAC)
        #expect(try outcome(mac + [0x0A]) == .malformedHeader, "no space")
        #expect(try outcome([0x20, 0x20] + mac + [0x0A]) == .malformedHeader, "two spaces")
        #expect(try outcome([0x20] + mac + [0x20, 0x0A]) == .malformedHeader, "a space after")
        #expect(try outcome([0x20] + mac + [0x0D, 0x0A]) == .malformedHeader, "a carriage return")
        #expect(try outcome([0x20] + mac.dropLast() + [0x0A]) == .malformedHeader, "short")
        #expect(try outcome([0x20] + mac + Array("A\n".utf8)) == .malformedHeader, "long")
        #expect(try outcome([0x20] + mac + Array("=\n".utf8)) == .malformedHeader, "padded")
        #expect(try outcome([0x20, 0x0A]) == .malformedHeader, "empty")
        #expect(try outcome([0x0A]) == .malformedHeader, "missing")
        #expect(try outcome([0x20] + mac) == .malformedHeader, "runs into the payload")
    }

    @Test("a stanza added, taken away or moved after the fact is noticed")
    func changedStanzas() throws {
        let whole = String(decoding: try maker.header("-> a\n\n-> b\n\n" + good), as: UTF8.self)
        let payload = maker.payload([try maker.chunk([1], number: 0, isLast: true)])
        for (old, new) in [
            ("-> a\n\n", ""), ("-> a\n\n", "-> a\n\n-> c\n\n"), ("-> a\n\n-> b\n\n", "-> b\n\n-> a\n\n"),
            ("-> a\n", "-> A\n"),
        ] {
            let changed = Array(whole.replacing(old, with: new).utf8)
            #expect(try maker.outcome(of: changed + payload).0 == .wrongMAC, "\(old) to \(new)")
        }
    }

    @Test("a header without end does not fill the memory")
    func endless() throws {
        let line = [UInt8](repeating: 0x41, count: 64) + [0x0A]
        let stanzas = Array("age-encryption.org/v1\n-> a\n".utf8) + Array(repeatElement(line, count: 100_000).joined())
        #expect(try maker.outcome(of: stanzas).0 == .malformedHeader)
        let source = MemorySource([UInt8](repeating: 0x41, count: 4 << 20))
        #expect(throws: (any Error).self) { try AgeHeader.parse(from: source) }
        #expect(try source.readAll(limit: 4 << 20).count > 3 << 20)
    }
}
