import AgeEncryption
import Model

/// AWS Signature Version 4, over our own SHA-256 and HMAC.
///
/// libcurl can sign too (`CURLOPT_AWS_SIGV4`), but before 8.x it signs queries in the order in which they stand, chooses
/// the signed headers itself, and Ubuntu's 7.81 cannot sign the hash of a body that is streamed. A signature is four
/// HMACs over text that we have anyway, and this way AWS's own published examples hold it.
struct RequestSigner: Sendable {
    var region: String
    var service = "s3"

    /// What is signed of a request.
    struct Request {
        var method: String
        /// As it is sent, encoded.
        var path: String
        /// As it is sent: encoded and sorted.
        var query: String
        /// Every header to be signed; `host` and `x-amz-date` must be among them.
        var headers: [(name: String, value: String)]
        /// Lower-case hexadecimal SHA-256 of the body.
        var payloadHash: String
    }

    /// The value of the `Authorization` header.
    func authorization(_ request: Request, credentials: AWSCredentials, at instant: Instant) throws -> String {
        let headers = request.headers.map { ($0.name.lowercased(), Self.collapsed($0.value)) }.sorted { $0.0 < $1.0 }
        let signedHeaders = headers.map(\.0).joined(separator: ";")
        let canonical = [
            request.method, request.path, request.query, headers.map { "\($0.0):\($0.1)\n" }.joined(), signedHeaders,
            request.payloadHash,
        ]
        .joined(separator: "\n")
        let time = Self.timestamp(instant)
        let day = String(time.prefix(8))
        let scope = "\(day)/\(region)/\(service)/aws4_request"
        let digest = Hex.encode(SHA256.digest(of: Array(canonical.utf8)))
        let text = "AWS4-HMAC-SHA256\n\(time)\n\(scope)\n\(digest)"
        var key = Array("AWS4\(credentials.secretKey)".utf8)
        for part in [day, region, service, "aws4_request", text] {
            key = try HMACSHA256.code(key: key, message: Array(part.utf8))
        }
        return "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope),SignedHeaders=\(signedHeaders),"
            + "Signature=\(Hex.encode(key))"
    }

    /// `20130524T000000Z`.
    static func timestamp(_ instant: Instant) -> String {
        let time = CivilTime(secondsSinceEpoch: instant.secondsSinceEpoch)
        return padded(time.year, 4) + padded(time.month, 2) + padded(time.day, 2) + "T" + padded(time.hour, 2)
            + padded(time.minute, 2) + padded(time.second, 2) + "Z"
    }

    /// Without blanks around, and one blank where there are several.
    private static func collapsed(_ value: String) -> String {
        value.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
    }
}
