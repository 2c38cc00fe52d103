import AgeEncryption
import Diagnostics
import FoundationEssentials

/// A signed object: one line of JSON, then sections that are age ciphertexts.
///
/// The signature covers the object's key, every field of the header and the SHA-256 of all that follows, so a byte that
/// changed, a section that was swapped and an object that was moved to another name are refused before anything is
/// decrypted. The header has exactly one spelling; any other is refused too.
struct Envelope {
    static let currentFormat = 1
    /// The longest header line, and the largest object that is read into memory.
    static let headerLimit = 4096
    static let objectLimit = 256 << 20

    var header: EnvelopeHeader
    var sections: [String: [UInt8]]
    /// SHA-256 of the whole object, hex.
    var sha256: String

    /// The bytes of a new object at `key`.
    static func seal(
        _ kind: EnvelopeKind,
        at key: ObjectKey,
        sections: [(name: String, bytes: [UInt8])],
        with signer: SigningKey
    ) throws -> [UInt8] {
        let body = sections.flatMap(\.bytes)
        var header = EnvelopeHeader(
            format: currentFormat,
            kind: kind,
            sections: sections.map { EnvelopeSection(bytes: $0.bytes.count, name: $0.name) },
            signature: "",
            signer: signer.verifyingKey.text
        )
        let signature = try signer.sign(header.signedText(key: key, bodyHash: SHA256.digest(of: body)))
        header.signature = Hex.encode(signature)
        let object = header.line + body
        guard object.count <= objectLimit else {
            throw Diagnostic(
                .resourceExhausted,
                "cannot store '\(key)': \(object.count) bytes are more than \(objectLimit)"
            )
        }
        return object
    }

    /// Reads the object that lies at `key`: everything is checked but whether the signer is trusted.
    static func open(_ object: [UInt8], as kind: EnvelopeKind, at key: ObjectKey) throws -> Envelope {
        guard let lineEnd = object.prefix(headerLimit).firstIndex(of: UInt8(ascii: "\n")) else {
            throw corrupt(key, "it does not begin with a header line")
        }
        let line = Array(object[...lineEnd])
        try FormatProbe.check(line, supported: currentFormat, object: "'\(key)'")
        let header = try CanonicalJSON.decode(EnvelopeHeader.self, from: line, object: "'\(key)'")
        let body = Array(object[(lineEnd + 1)...])
        guard header.isWellFormed, header.line == line else { throw corrupt(key, "its header is not well formed") }
        guard header.kind == kind else { throw corrupt(key, "it is a \(header.kind.rawValue), not a \(kind.rawValue)") }
        guard let total = header.bodyBytes, total == body.count else {
            throw corrupt(key, "its length is not what its header says")
        }
        guard let signer = try? VerifyingKey(header.signer), let signature = Hex.decode(header.signature),
            signer.verify(signature, of: header.signedText(key: key, bodyHash: SHA256.digest(of: body)))
        else {
            throw Diagnostic(
                .signatureInvalid,
                "the signature of '\(key)' does not match its content",
                cause: "it was changed or moved after it was signed by \(header.signer)",
                hint: "Use another point or another copy of the repository; do not restore from this object."
            )
        }
        return Envelope(
            header: header,
            sections: split(body, header.sections),
            sha256: Hex.encode(SHA256.digest(of: object))
        )
    }

    private static func split(_ body: [UInt8], _ sections: [EnvelopeSection]) -> [String: [UInt8]] {
        var result: [String: [UInt8]] = [:]
        var start = 0
        for section in sections {
            result[section.name] = Array(body[start..<start + section.bytes])
            start += section.bytes
        }
        return result
    }

    private static func corrupt(_ key: ObjectKey, _ cause: String) -> Diagnostic {
        Diagnostic(
            .objectCorrupt,
            "'\(key)' is damaged",
            cause: cause,
            hint: "Use another point or another copy of the repository."
        )
    }
}

/// What an envelope carries.
enum EnvelopeKind: String, Codable {
    case point
    case record
    case census
    case repack
}

/// One section's place in an envelope.
struct EnvelopeSection: Codable, Equatable {
    var bytes: Int
    var name: String
}

/// The first line of an envelope.
struct EnvelopeHeader: Codable {
    var format: Int
    var kind: EnvelopeKind
    var sections: [EnvelopeSection]
    /// Ed25519, 128 hex digits.
    var signature: String
    var signer: String

    /// Whether every field is from its alphabet, so that `line` and `signedText` are unambiguous.
    var isWellFormed: Bool {
        sections.allSatisfy { $0.bytes >= 0 && $0.name.wholeMatch(of: /[a-z]{1,16}/) != nil }
            && (1...4).contains(sections.count) && Set(sections.map(\.name)).count == sections.count
            && signature.wholeMatch(of: /[0-9a-f]{128}/) != nil
            && signer.wholeMatch(of: /lbsig1[02-9ac-hj-np-z]{58}/) != nil
    }

    /// The sum of the sections; nil when it cannot be an object of ours.
    var bodyBytes: Int? {
        var total = 0
        for section in sections {
            guard section.bytes <= Envelope.objectLimit else { return nil }
            total += section.bytes
        }
        return total
    }

    /// The one spelling of the header, with its newline.
    var line: [UInt8] {
        let list = sections.map { "{\"bytes\":\($0.bytes),\"name\":\"\($0.name)\"}" }.joined(separator: ",")
        let text =
            "{\"format\":\(format),\"kind\":\"\(kind.rawValue)\",\"sections\":[\(list)],"
            + "\"signature\":\"\(signature)\",\"signer\":\"\(signer)\"}\n"
        return Array(text.utf8)
    }

    /// What is signed: lines of text that name the object and everything in it.
    func signedText(key: ObjectKey, bodyHash: [UInt8]) -> [UInt8] {
        var text = "lifeboat \(kind.rawValue) \(format)\nkey \(key)\nsigner \(signer)\n"
        for section in sections { text += "section \(section.name) \(section.bytes)\n" }
        text += "sha256 \(Hex.encode(bodyHash))\n"
        return Array(text.utf8)
    }
}
