import Diagnostics
import HTTPClient

/// What a store says when it refuses: the status, and what it wrote about it.
struct S3Error: Error, Sendable {
    var status: Int
    var code: String
    var message: String
    /// Where the bucket really is, when that was the trouble.
    var region: String?
    var details: [String: String] = [:]
    /// How long the store asks to be left alone.
    var retryAfter: Duration?
    /// Whether the object is there no more, but versions of it are.
    var isDeleteMarker: Bool

    /// The refusal in an answer, nil when it is none; `200 OK` with an `<Error>` inside is one.
    init?(_ response: HTTPResponse) {
        let isRefused = !(200..<300).contains(response.status)
        // Listings are long; an error is its document's first element.
        guard isRefused || String(decoding: response.body.prefix(512), as: UTF8.self).contains("Error") else {
            return nil
        }
        let tree = try? XMLReader.parse(response.body)
        let isError = tree?.name == "Error"
        guard isRefused || isError else { return nil }
        self.init(response.head, isError ? tree : nil)
    }

    /// The refusal in an answer whose body was not read.
    init(_ head: HTTPHead, _ tree: XMLTree? = nil) {
        status = head.status
        code = tree?["Code"]?.text ?? Self.usualCode(head.status)
        message = tree?["Message"]?.text ?? ""
        isDeleteMarker = head["x-amz-delete-marker"] == "true"
        region = head["x-amz-bucket-region"] ?? tree?["Region"]?.text ?? Self.region(in: message)
        retryAfter = head["retry-after"].flatMap { Int($0) }.map { .seconds(max(0, $0)) }
        for child in tree?.children ?? [] where child.children.isEmpty { details[child.name] = child.text }
        if let date = head["date"] { details["Date"] = date }
        if details["Endpoint"] == nil, (300..<400).contains(status), let place = head["location"] {
            details["Endpoint"] = redacted(place.firstMatch(of: /^https?:\/\/([^\/?#]+)/).map { String($0.1) } ?? place)
        }
    }

    /// Some name the right region in a sentence only.
    private static func region(in message: String) -> String? {
        if let match = message.firstMatch(of: /expecting '([A-Za-z0-9-]+)'/) { return String(match.1) }
        return message.firstMatch(of: /expected:? *[0-9]{8}\/([A-Za-z0-9-]+)\//).map { String($0.1) }
    }

    private static func usualCode(_ status: Int) -> String {
        switch status {
        case 304, 412: "PreconditionFailed"
        case 301, 307, 308: "PermanentRedirect"
        case 403: "AccessDenied"
        case 404: "NoSuchKey"
        case 416: "InvalidRange"
        case 501: "NotImplemented"
        case 503: "ServiceUnavailable"
        default: "HTTP \(status)"
        }
    }

    /// Whether the same request can succeed a little later.
    var isTransient: Bool {
        let codes: Set = [
            "SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "Throttling", "ThrottlingException",
            "RequestLimitExceeded", "TooManyRequests", "OperationAborted", "ConditionalRequestConflict", "Busy",
        ]
        return codes.contains(code) || [408, 409, 429, 500, 502, 503, 504].contains(status)
    }

    /// Whether the store may not know the headers of a checksum: those that do not refuse them in several ways, some
    /// without a word of which header they mean.
    var mayRefuseChecksums: Bool {
        if status == 501 { return true }
        let codes: Set = ["InvalidArgument", "InvalidRequest", "NotImplemented", "UnsupportedHeader"]
        let text = (message + (details["Header"] ?? "") + (details["ArgumentName"] ?? "")).lowercased()
        return status == 400 && codes.contains(code) && text.contains("checksum")
    }

    /// Whether the store does not know `If-None-Match` at a creation.
    var refusesConditions: Bool {
        status == 501 || (status == 400 && message.lowercased().contains("if-none-match"))
    }

    /// Whether other credentials may help.
    var isAboutExpiry: Bool {
        ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken", "RequestExpired"]
            .contains(code)
    }

    /// In the words of whoever refused.
    var cause: String {
        let text = message.isEmpty ? "" : ": \(message)"
        return redacted("\(code)\(text)" + (code.hasPrefix("HTTP") ? "" : " (status \(status))"))
    }
}
