import AgeEncryption
import Diagnostics
package import Model

/// What a repository says of itself: `repository/<n>.json`, signed; the newest that is valid and trusted wins.
package struct RepositoryDescriptor: Sendable, Hashable, Codable {
    package static let currentFormat = 1

    package var format = RepositoryDescriptor.currentFormat
    /// 32 random hex digits.
    package var id: String
    package var created: Instant
    /// age recipients of everything: the operator and the escrow, at least.
    package var recipients: [String]
    /// age recipients of indexes and records only: the hosts that write here.
    package var hosts: [String]
    /// The keys that sign here, for the escrow sheet; trust is what the reader has pinned.
    package var signers: [String]
    /// Whether the owner insisted on one recipient.
    package var hasSingleKey: Bool
    /// What the store proved able to do when the repository was created.
    package var capabilities: StoreCapabilities
    /// Who signed this descriptor.
    package var signer: String

    /// The file at `key`: readable JSON whose last member is the signature over all bytes before it.
    func sealed(at key: ObjectKey, with signingKey: SigningKey) throws -> [UInt8] {
        var copy = self
        copy.signer = signingKey.verifyingKey.text
        let text = String(decoding: try CanonicalJSON.encode(copy, pretty: true), as: UTF8.self)
        guard text.hasSuffix("\n}") else { throw Diagnostic(.internalError, "cannot write the repository descriptor") }
        let signed = Array(text.dropLast(2).utf8)
        let signature = try signingKey.sign(Self.signedText(key: key, signed))
        return signed + Array((Self.signatureMarker + Hex.encode(signature) + Self.ending).utf8)
    }

    /// Reads the file at `key`: its signature first, then whether `isTrusted` lets its signer count, then the rest.
    ///
    /// Not even its format is believed before: anybody who can write there could otherwise lock everybody out.
    static func open(
        _ file: [UInt8],
        at key: ObjectKey,
        isTrusted: (_ signer: String) throws -> Void
    ) throws -> RepositoryDescriptor {
        try isTrusted(try signer(of: file, at: key))
        try FormatProbe.check(file, supported: currentFormat, object: "'\(key)'")
        return try CanonicalJSON.decode(Self.self, from: file, object: "'\(key)'")
    }

    /// The only members that every format has.
    private struct Signature: Codable {
        var signer: String
    }

    /// Who signed the file; throws unless the signature holds.
    private static func signer(of file: [UInt8], at key: ObjectKey) throws -> String {
        let text = try CanonicalJSON.decode(Signature.self, from: file, object: "'\(key)'").signer
        let tail = signatureMarker.utf8.count + 128 + ending.utf8.count
        let signed = Array(file.dropLast(tail))
        let ended = String(decoding: file.suffix(tail), as: UTF8.self)
        guard file.count > tail, ended.hasPrefix(signatureMarker), ended.hasSuffix(ending),
            let signature = Hex.decode(ended.dropFirst(signatureMarker.count).dropLast(ending.count)),
            let signer = try? VerifyingKey(text), signer.text == text,
            signer.verify(signature, of: signedText(key: key, signed))
        else {
            throw Diagnostic(
                .signatureInvalid,
                "the signature of '\(key)' does not match its content",
                cause: "it was changed after it was signed by \(text)",
                hint: "Use another copy of the repository, or put this file back from one."
            )
        }
        return text
    }

    private static let signatureMarker = ",\n  \"signature\" : \""
    private static let ending = "\"\n}\n"

    private static func signedText(key: ObjectKey, _ signed: [UInt8]) -> [UInt8] {
        Array("lifeboat repository 1\nkey \(key)\nsha256 \(Hex.encode(SHA256.digest(of: signed)))\n".utf8)
    }
}
