package import Streams

/// The textual start of an age file: the wrapped copies of its file key, under a MAC.
package struct AgeHeader: Sendable {
    static let versionLine = "age-encryption.org/v1"

    /// The wrapped copies, in the order they stand.
    package let stanzas: [Stanza]
    /// How many bytes the header takes; the payload's nonce follows it.
    package let byteCount: Int
    private let mac: [UInt8]
    /// Everything the MAC covers.
    private let authenticated: [UInt8]

    /// Reads the header at the start of `source`, a little at a time, and not much more than it.
    ///
    /// The header's MAC is not checked here, since only the file key can do that: see `fileKey(for:)`. `name` is the
    /// file or object in errors.
    package static func parse(from source: any ByteSource, named name: String? = nil) throws -> AgeHeader {
        try reportingAgeFailures(of: name) { try AgeHeader(reading: HeaderReader(source)) }
    }

    /// The file key, unwrapped by the first identity that can and checked against the header's MAC.
    package func fileKey(for identities: [any Identity], named name: String? = nil) throws -> FileKey {
        try reportingAgeFailures(of: name) { try unwrap(identities) }
    }

    init(reading reader: HeaderReader) throws {
        try Self.checkVersion(reader.readLine())
        var stanzas: [Stanza] = []
        var line = try reader.readLine()
        while !line.starts(with: "---".utf8) {
            stanzas.append(try Self.stanza(startingWith: line, reader))
            line = try reader.readLine()
        }
        guard !stanzas.isEmpty else { throw AgeFailure.header("the header names no recipient") }
        guard line.starts(with: "--- ".utf8), let mac = Base64.decode(line.dropFirst(4)), mac.count == 32 else {
            throw AgeFailure.header("the line with the header's MAC is malformed")
        }
        self.stanzas = stanzas
        self.mac = mac
        byteCount = reader.headerBytes.count
        authenticated = Array(reader.headerBytes[..<(line.startIndex + 3)])
    }

    private static func checkVersion(_ line: ArraySlice<UInt8>) throws {
        if line.elementsEqual(versionLine.utf8) { return }
        if line.starts(with: "-----BEGIN AGE ENCRYPTED FILE-----".utf8) {
            throw AgeFailure.header("it is ASCII-armored, and only binary age files can be read")
        }
        if line.starts(with: "age-encryption.org/".utf8) {
            throw AgeFailure.header("it is of a version of the age format other than v1")
        }
        throw AgeFailure.header("it is not an age file")
    }

    private static func stanza(startingWith line: ArraySlice<UInt8>, _ reader: HeaderReader) throws -> Stanza {
        guard line.starts(with: "-> ".utf8) else { throw AgeFailure.header("a stanza does not start with '-> '") }
        let arguments = line.dropFirst(3).split(separator: 0x20, omittingEmptySubsequences: false)
        guard arguments.allSatisfy({ !$0.isEmpty && $0.allSatisfy { (0x21...0x7E).contains($0) } }) else {
            throw AgeFailure.header("a stanza's first line is malformed")
        }
        var digits: [UInt8] = []
        var bodyLine: ArraySlice<UInt8>
        repeat {
            bodyLine = try reader.readLine()
            guard bodyLine.count <= Stanza.columns else { throw AgeFailure.header("a line of a stanza is too long") }
            digits += bodyLine
        } while bodyLine.count == Stanza.columns
        guard let body = Base64.decode(digits) else {
            throw AgeFailure.header("a stanza's body is not canonical base64")
        }
        return Stanza(arguments: arguments.map { String(decoding: $0, as: UTF8.self) }, body: body)
    }

    func unwrap(_ identities: [any Identity]) throws -> FileKey {
        let hasPassphrase = stanzas.contains { $0.type == ScryptRecipient.stanzaType }
        guard !hasPassphrase || stanzas.count == 1 else {
            throw AgeFailure.header("a passphrase stanza stands beside another recipient")
        }
        for identity in identities {
            guard let fileKey = try identity.unwrap(stanzas) else { continue }
            let expected = try hmacSHA256(key: fileKey.headerKey(), message: authenticated)
            guard constantTimeEqual(expected, mac) else { throw AgeFailure.headerMAC }
            return fileKey
        }
        throw AgeFailure.noIdentityMatched
    }

    /// The bytes of a new header.
    static func encode(_ stanzas: [Stanza], fileKey: FileKey) throws -> [UInt8] {
        var bytes = Array("\(versionLine)\n".utf8)
        for stanza in stanzas { bytes += stanza.encoded }
        bytes += "---".utf8
        let mac = try hmacSHA256(key: fileKey.headerKey(), message: bytes)
        return bytes + [0x20] + Base64.encode(mac) + [0x0A]
    }
}
