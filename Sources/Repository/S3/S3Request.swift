import AgeEncryption
import FoundationEssentials
import HTTPClient
import Streams

/// What a request carries, with the hash that signs it.
///
/// A value that can be sent again.
struct S3Payload: Sendable {
    private enum Content: Sendable {
        case bytes([UInt8])
        case part(UploadPart)
    }

    private let content: Content
    let sha256: [UInt8]
    let count: Int

    static let none = S3Payload([])

    init(_ bytes: [UInt8]) {
        content = .bytes(bytes)
        count = bytes.count
        sha256 = SHA256.digest(of: bytes)
    }

    /// The part must not change until the last request with it has ended.
    init(_ part: UploadPart) {
        content = .part(part)
        count = part.count
        let hash = SHA256()
        part.forEachPiece { hash.update($0.bytes) }
        sha256 = hash.finish()
    }

    var body: HTTPBody {
        switch content {
        case .bytes(let bytes): bytes.isEmpty ? .none : .bytes(bytes)
        case .part(let part): part.count == 0 ? .none : .source(PartSource(part), length: Int64(part.count))
        }
    }

    /// For servers that take a lock with no other checksum than this one; nil where the machine forbids MD5.
    var md5: String? {
        let digest =
            switch content {
            case .bytes(let bytes): MD5.digest(of: bytes.span.bytes)
            case .part(let part): MD5.digest { part.forEachPiece($0) }
            }
        return digest.map { Data($0).base64EncodedString() }
    }

    /// As the checksum headers have it.
    var checksum: String { Data(sha256).base64EncodedString() }
}

/// One request to a bucket, before it is signed.
struct S3Request: Sendable {
    var method: String
    /// The name in the bucket; nil for the bucket itself.
    var name: String?
    var query: [(String, String)] = []
    var headers: [(name: String, value: String)] = []
    var payload = S3Payload.none
    /// Completes "cannot …" in messages.
    var purpose: String

    init(_ method: String, _ name: String?, to purpose: String) {
        self.method = method
        self.name = name
        self.purpose = purpose
    }

    /// The same with a checksum that the store verifies and keeps.
    func checksummed(withMD5: Bool = false) -> S3Request {
        var request = self
        if withMD5, let md5 = payload.md5 { request.headers.append(("content-md5", md5)) }
        request.headers.append(("x-amz-sdk-checksum-algorithm", "SHA256"))
        request.headers.append(("x-amz-checksum-sha256", payload.checksum))
        return request
    }

    var hasChecksum: Bool { headers.contains { Self.isAboutChecksum($0.name) } }

    /// The same for a store that knows only the older way, an MD5 of the body.
    ///
    /// The body's SHA-256 is signed in any case.
    func withoutChecksum() -> S3Request {
        guard hasChecksum else { return self }
        var request = self
        request.headers.removeAll { Self.isAboutChecksum($0.name) }
        let hasMD5 = request.headers.contains { $0.name == "content-md5" }
        if payload.count > 0, !hasMD5, let md5 = payload.md5 { request.headers.append(("content-md5", md5)) }
        return request
    }

    static func isAboutChecksum(_ header: String) -> Bool {
        header.hasPrefix("x-amz-checksum-") || header == "x-amz-sdk-checksum-algorithm"
    }
}

/// An answer, and how many attempts it took.
struct S3Reply: Sendable {
    var response: HTTPResponse
    /// Whether the same request may have taken effect before.
    var wasRepeated: Bool

    var status: Int { response.status }
    var head: HTTPHead { response.head }
}
