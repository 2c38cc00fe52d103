import Testing

@testable import AgeEncryption

@Suite("hostile stanzas of the kinds we know")
struct HostileStanzaTests {
    private let maker: HandmadeFile

    init() throws { maker = try HandmadeFile() }

    private func expect(_ expected: HandmadeFile.Outcome, _ stanza: Stanza, _ comment: Comment) throws {
        #expect(try maker.outcome(of: maker.file(stanza.lines)).0 == expected, comment)
    }

    @Test("X25519: the arguments are the type and one canonical share of 32 bytes")
    func x25519Arguments() throws {
        let good = try maker.stanza()
        let share = good.arguments[1]
        let bytes = try #require(Base64.decode(share.utf8))
        func encoded(_ bytes: [UInt8]) -> String { String(decoding: Base64.encode(bytes), as: UTF8.self) }
        for arguments in [
            [], [share, share], ["AAAA"], [encoded(bytes + [0])], [encoded(Array(bytes.dropLast()))], [share + "="],
            ["*"],
        ] {
            try expect(.malformedHeader, Stanza(arguments: ["X25519"] + arguments, body: good.body), "\(arguments)")
        }
        // 32 bytes leave two unused bits in the last digit, which is every fourth of the alphabet.
        let lastDigit = try #require(share.utf8.last)
        let next = String(decoding: [lastDigit + 1], as: UTF8.self)
        let stray = Stanza(arguments: ["X25519", share.dropLast() + next], body: good.body)
        try expect(.malformedHeader, stray, "stray bits")
        for type in ["x25519", "X25519x", "X2551", "ssh-ed25519"] {
            try expect(.noMatch, Stanza(arguments: [type, share], body: good.body), "\(type)")
        }
    }

    @Test("X25519: the body is 32 bytes, and only the right key opens it")
    func x25519Body() throws {
        let good = try maker.stanza()
        for body in [[], Array(good.body.dropLast()), good.body + [0]] {
            try expect(.malformedHeader, Stanza(arguments: good.arguments, body: body), "\(body.count) bytes")
        }
        for index in good.body.indices {
            var body = good.body
            body[index] ^= 1
            try expect(.noMatch, Stanza(arguments: good.arguments, body: body), "byte \(index)")
        }
    }

    @Test("X25519: points of low order are refused")
    func lowOrder() throws {
        for point in [[UInt8](repeating: 0, count: 32), [1] + [UInt8](repeating: 0, count: 31)] {
            let share = String(decoding: Base64.encode(point), as: UTF8.self)
            try expect(
                .malformedHeader,
                Stanza(arguments: ["X25519", share], body: maker.stanza().body),
                "\(point[0])"
            )
        }
    }

    @Test("a stanza that holds a longer file key is refused")
    func longFileKey() throws {
        let good = try maker.stanza()
        try expect(.malformedHeader, Stanza(arguments: good.arguments, body: good.body + good.body), "64 bytes")
    }

    @Test("scrypt: the work factor is a plain decimal within the limit")
    func workFactor() throws {
        let good = try maker.passphraseStanza()
        let salt = good.arguments[1]
        try expect(.success, good, "good")
        for factor in ["0", "02", "+2", "-2", "0x2", "2x", "x2", "", "13", "23", "64", "18446744073709551618", "٢"]
        where !factor.isEmpty {
            try expect(.malformedHeader, Stanza(arguments: ["scrypt", salt, factor], body: good.body), "\(factor)")
        }
        try expect(.noMatch, Stanza(arguments: ["scrypt", salt, "3"], body: good.body), "another factor")
    }

    @Test("scrypt: three arguments, a salt of 16 bytes, a body of 32")
    func scryptShape() throws {
        let good = try maker.passphraseStanza()
        let salt = good.arguments[1]
        let shapes = [
            ["scrypt"], ["scrypt", salt], ["scrypt", "2"], ["scrypt", salt, "2", "2"], ["scrypt", salt + "AA", "2"],
            ["scrypt", String(salt.dropLast(2)), "2"], ["scrypt", salt + "==", "2"],
        ]
        for arguments in shapes {
            try expect(.malformedHeader, Stanza(arguments: arguments, body: good.body), "\(arguments)")
        }
        for body in [[], Array(good.body.dropLast()), good.body + good.body] {
            try expect(.malformedHeader, Stanza(arguments: good.arguments, body: body), "\(body.count) bytes")
        }
        var wrong = good
        wrong.body[0] ^= 1
        try expect(.noMatch, wrong, "wrong body")
        try expect(.noMatch, Stanza(arguments: ["Scrypt", salt, "2"], body: good.body), "another type")
    }

    @Test("scrypt stands alone")
    func scryptAlone() throws {
        let passphrase = try maker.passphraseStanza().lines
        for stanzas in [
            try passphrase + maker.stanza().lines, try maker.stanza().lines + passphrase, passphrase + passphrase,
            passphrase + "-> a\n\n",
        ] {
            #expect(try maker.outcome(of: maker.file(stanzas)).0 == .malformedHeader)
        }
    }
}
