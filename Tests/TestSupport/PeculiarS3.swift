import AgeEncryption
import Foundation
import Glibc
import Streams
import Synchronization

/// A bucket in memory that speaks S3 the way one of its many relatives does; one bucket, any credentials.
///
/// It is strict where AWS is: a body needs its length and the hash that was signed, the scope its region.
package final class PeculiarS3: Sendable {
    /// How it differs from AWS.
    package struct Ways: Sendable {
        package enum Handling: Sendable { case keeps, ignores, refuses }
        package enum Refusal: Sendable { case none, badRequest, notImplemented, wordless }
        package enum XMLStyle: Sendable { case namespace, bare, prefixed }
        package enum RegionHint: Sendable { case field, sentence, nothing }

        package var conditions = Handling.keeps
        package var checksums = Refusal.none
        /// What becomes of headers and questions about locks.
        package var locks = Handling.refuses
        package var xml = XMLStyle.namespace
        package var quotesETags = true
        package var encodesKeys = false
        /// Takes `%41` in a name for `A`, as gateways do that normalize paths.
        package var decodesKeys = false
        package var pageSize = 1000
        package var region = "us-east-1"
        package var regionHint = RegionHint.field
        package var hasPoorHead = false
        package var sendsChunks = false
        package var listsUploads = true
        /// How many requests are told to come back a second later, before any is answered.
        package var slowdowns = 0
        package var deleteStatus = "204 No Content"
        /// How long it takes before it answers a part.
        package var partMilliseconds: UInt32 = 0

        package init() {}
    }

    package let ways: Ways
    package var endpoint: String { "http://127.0.0.1:\(server.value?.port ?? 0)" }
    package static let bucket = "bucket"

    private struct Object: Sendable {
        var bytes: [UInt8]
        var modified: Date
        var etag: String
    }

    private struct State: Sendable {
        var objects: [String: Object] = [:]
        var uploads: [String: [Int: [UInt8]]] = [:]
        var slowdowns = 0
        var seen: [String: Int] = [:]
        var requests: [String] = []
    }

    private let state = Mutex(State())
    private let server = Held<LoopbackServer>()

    /// Starts one.
    package init(_ ways: Ways) throws {
        self.ways = ways
        state.withLock { $0.slowdowns = ways.slowdowns }
        server.value = try LoopbackServer { [weak self] connection in
            while let request = connection.request(), let self { self.serve(request, connection) }
        }
    }

    /// How many requests came with a header of this name.
    package func count(_ header: String) -> Int { state.withLock { $0.seen[header] ?? 0 } }
    package var keys: [String] { state.withLock { $0.objects.keys.sorted() } }

    /// The requests since the last call, each as its method and its key.
    package func takeRequests() -> [String] {
        state.withLock { state in
            defer { state.requests = [] }
            return state.requests
        }
    }

    /// Puts an object there as if it had been written so long ago, or makes one that is there so old.
    package func plant(_ key: String, _ bytes: [UInt8]? = nil, age: Duration) {
        let modified = Date(timeIntervalSinceNow: -(age / .seconds(1)))
        state.withLock { state in
            let bytes = bytes ?? state.objects[key]?.bytes ?? []
            state.objects[key] = Object(bytes: bytes, modified: modified, etag: "\"\(bytes.count)\"")
        }
    }

    // MARK: One request

    private struct Request {
        var method: String
        var key: String
        var query: [String: String]
        var head: String
        var body: [UInt8]

        init?(_ raw: (head: String, body: [UInt8]), decodesKeys: Bool) {
            let words = raw.head.split(separator: " ")
            guard words.count > 2 else { return nil }
            method = String(words[0])
            let target = words[1].split(separator: "?", maxSplits: 1)
            let path = target[0].dropFirst().split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let once = path.count > 1 ? String(path[1]).removingPercentEncoding ?? "" : ""
            key = decodesKeys ? once.removingPercentEncoding ?? once : once
            var query: [String: String] = [:]
            for item in (target.count > 1 ? target[1] : "").split(separator: "&") {
                let parts = item.split(separator: "=", maxSplits: 1)
                query[String(parts[0])] = parts.count > 1 ? String(parts[1]).removingPercentEncoding : ""
            }
            self.query = query
            head = raw.head
            body = raw.body
        }

        subscript(header: String) -> String? { LoopbackConnection.value(header, in: head) }
    }

    private struct Reply {
        var status = "200 OK"
        var headers: [String] = []
        var body: [UInt8] = []
    }

    private func serve(_ raw: (head: String, body: [UInt8]), _ connection: LoopbackConnection) {
        guard let request = Request(raw, decodesKeys: ways.decodesKeys) else { return }
        let reply = refusal(of: request) ?? answer(request)
        let isHead = request.method == "HEAD"
        var lines = ["HTTP/1.1 \(reply.status)"] + reply.headers
        let isChunked = ways.sendsChunks && !isHead && !reply.body.isEmpty
        let isPoor = isHead && ways.hasPoorHead && reply.status.hasPrefix("200")
        if isPoor {
            lines = lines.filter { !$0.hasPrefix("Last-Modified") && !$0.hasPrefix("Content-Length") }
        } else if isChunked {
            lines.append("Transfer-Encoding: chunked")
        } else if !lines.contains(where: { $0.hasPrefix("Content-Length") }) {
            lines.append("Content-Length: \(reply.body.count)")
        }
        connection.send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
        guard !isHead else { return }
        if isChunked {
            connection.send(Array((String(reply.body.count, radix: 16) + "\r\n").utf8) + reply.body)
            connection.send(Array("\r\n0\r\n\r\n".utf8))
        } else {
            connection.send(reply.body)
        }
    }

    // MARK: What it does not take

    private func refusal(of request: Request) -> Reply? {
        let isSlow = state.withLock { state in
            for name in ["x-amz-checksum-sha256", "if-none-match", "content-md5"] where request[name] != nil {
                state.seen[name, default: 0] += 1
            }
            state.requests.append("\(request.method) \(request.key)")
            state.slowdowns -= 1
            return state.slowdowns >= 0
        }
        if isSlow { return error("503 Slow Down", "SlowDown", "reduce your rate", headers: ["Retry-After: 1"]) }
        if let wrong = wrongRegion(request) { return wrong }
        let hasBody = request.method == "PUT" || request.method == "POST"
        if hasBody, request["content-length"] == nil {
            return error("411 Length Required", "MissingContentLength", "say how long it is")
        }
        if request["x-amz-content-sha256"] != Hex.encode(SHA256.digest(of: request.body)) {
            return error("400 Bad Request", "XAmzContentSHA256Mismatch", "another body was signed")
        }
        if let md5 = request["content-md5"],
            md5 != MD5.digest(of: request.body.span.bytes).map({ Data($0).base64EncodedString() })
        {
            return error("400 Bad Request", "BadDigest", "another body was hashed")
        }
        return unknownHeader(request)
    }

    private func wrongRegion(_ request: Request) -> Reply? {
        let scope = request["authorization"]?.firstMatch(of: /\/([0-9]{8})\/([^\/]+)\/s3\//)
        guard let scope, scope.2 != ways.region else { return nil }
        let sentence =
            ways.regionHint == .sentence ? "the region is wrong; expecting '\(ways.region)'" : "unexpected scope"
        let field = ways.regionHint == .field ? "<Region>\(ways.region)</Region>" : ""
        return error("400 Bad Request", "AuthorizationHeaderMalformed", sentence, field)
    }

    private func unknownHeader(_ request: Request) -> Reply? {
        let names = ["x-amz-checksum-sha256", "x-amz-checksum-algorithm", "x-amz-sdk-checksum-algorithm"]
        if let name = names.first(where: { request[$0] != nil }) {
            switch ways.checksums {
            case .none: break
            case .badRequest:
                return error("400 ", "InvalidArgument", "Unsupported header '\(name)' received for this API call.")
            case .notImplemented:
                return error("501 Not Implemented", "NotImplemented", "Header '\(name)' with value 'x' not implemented")
            case .wordless: return Reply(status: "501 Not Implemented")
            }
        }
        if request["if-none-match"] != nil, ways.conditions == .refuses {
            let words = "A header you provided implies functionality that is not implemented"
            return error("501 Not Implemented", "NotImplemented", words)
        }
        let asksForLock = request["x-amz-object-lock-mode"] != nil || request.query["object-lock"] != nil
        if asksForLock, ways.locks == .refuses {
            return error("501 Not Implemented", "NotImplemented", "object-lock is not implemented")
        }
        return nil
    }

    // MARK: What it does

    private func answer(_ request: Request) -> Reply {
        switch request.method {
        case "GET" where request.key.isEmpty: return request.query["uploads"] != nil ? uploads() : list(request)
        case "GET", "HEAD": return read(request)
        case "PUT" where request.query["partNumber"] != nil:
            usleep(ways.partMilliseconds * 1000)
            return putPart(request)
        case "PUT": return put(request.key, request.body, request)
        case "POST": return request.query["uploads"] != nil ? begin(request) : complete(request)
        case "DELETE": return remove(request)
        default: return error("405 Method Not Allowed", "MethodNotAllowed", "no")
        }
    }

    private func read(_ request: Request) -> Reply {
        guard let object = state.withLock({ $0.objects[request.key] }) else {
            return error("404 Not Found", "NoSuchKey", "there is none")
        }
        var reply = Reply(headers: ["ETag: \(object.etag)", "Last-Modified: \(Self.httpDate(object.modified))"])
        reply.body = object.bytes
        if let range = request["range"]?.firstMatch(of: /bytes=([0-9]+)-([0-9]+)/), let first = Int(range.1),
            let last = Int(range.2)
        {
            guard first < object.bytes.count else { return error("416 ", "InvalidRange", "too short") }
            let end = min(last, object.bytes.count - 1)
            reply.status = "206 Partial Content"
            reply.headers.append("Content-Range: bytes \(first)-\(end)/\(object.bytes.count)")
            reply.body = Array(object.bytes[first...end])
        }
        if request.method == "HEAD" { reply.headers.append("Content-Length: \(reply.body.count)") }
        return reply
    }

    private func put(_ key: String, _ bytes: [UInt8], _ request: Request, body: String = "") -> Reply {
        let hash = MD5.digest(of: bytes.span.bytes).map { Hex.encode($0) } ?? "0"
        let etag = ways.quotesETags ? "\"\(hash)\"" : hash
        let isTaken = state.withLock { state in
            let mustBeNew = request["if-none-match"] == "*" && ways.conditions == .keeps
            if mustBeNew, state.objects[key] != nil { return true }
            state.objects[key] = Object(bytes: bytes, modified: Date(), etag: etag)
            return false
        }
        if isTaken { return error("412 Precondition Failed", "PreconditionFailed", "it is there") }
        return Reply(headers: ["ETag: \(etag)"], body: Array(body.utf8))
    }

    private func remove(_ request: Request) -> Reply {
        state.withLock { state in
            if let id = request.query["uploadId"] { state.uploads[id] = nil } else { state.objects[request.key] = nil }
        }
        return Reply(status: ways.deleteStatus)
    }

    private func list(_ request: Request) -> Reply {
        let prefix = request.query["prefix"] ?? ""
        let after =
            request.query["continuation-token"].flatMap { Data(base64Encoded: $0) }
            .map { String(decoding: $0, as: UTF8.self) } ?? ""
        let all = state.withLock { state in
            state.objects.filter { $0.key.hasPrefix(prefix) && $0.key > after }.sorted { $0.key < $1.key }
        }
        let page = all.prefix(ways.pageSize)
        let entries = page.map { key, object in
            let name = ways.encodesKeys ? key.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? key : key
            return xml("Contents") {
                xml("Key") { name } + xml("LastModified") { ISO8601DateFormatter().string(from: object.modified) }
                    + xml("ETag") { object.etag.replacingOccurrences(of: "\"", with: "&quot;") }
                    + xml("Size") { "\(object.bytes.count)" }
            }
        }
        let isLast = page.count == all.count
        let token = Data((page.last?.key ?? "").utf8).base64EncodedString()
        return document("ListBucketResult") {
            xml("IsTruncated") { isLast ? "false" : "true" } + entries.joined()
                + (ways.encodesKeys ? xml("EncodingType") { "url" } : "")
                + (isLast ? "" : xml("NextContinuationToken") { token })
        }
    }

    private func uploads() -> Reply {
        guard ways.listsUploads else { return error("501 Not Implemented", "NotImplemented", "no such list") }
        return document("ListMultipartUploadsResult") { xml("IsTruncated") { "false" } }
    }

    private func begin(_ request: Request) -> Reply {
        let id = "u/\(UInt64.random(in: 0...UInt64.max))+="
        state.withLock { $0.uploads[id] = [:] }
        return document("InitiateMultipartUploadResult") { xml("UploadId") { id } }
    }

    private func putPart(_ request: Request) -> Reply {
        let number = request.query["partNumber"].flatMap { Int($0) } ?? 0
        let isOpen = state.withLock { state in
            state.uploads[request.query["uploadId"] ?? ""]?.updateValue(request.body, forKey: number)
            return state.uploads[request.query["uploadId"] ?? ""] != nil
        }
        guard isOpen else { return error("404 Not Found", "NoSuchUpload", "no") }
        return Reply(headers: ["ETag: \(ways.quotesETags ? "\"part\(number)\"" : "part\(number)")"])
    }

    private func complete(_ request: Request) -> Reply {
        let id = request.query["uploadId"] ?? ""
        guard let parts = state.withLock({ $0.uploads[id] }) else { return error("404 ", "NoSuchUpload", "no") }
        let names = String(decoding: request.body, as: UTF8.self)
        if ways.checksums != .none, names.contains("Checksum") {
            return error("400 Bad Request", "MalformedXML", "ChecksumSHA256 is unknown")
        }
        let bytes = parts.sorted { $0.key < $1.key }.reduce(into: [UInt8]()) { $0 += $1.value }
        let reply = put(request.key, bytes, request)
        guard reply.status.hasPrefix("200") else { return reply }
        state.withLock { $0.uploads[id] = nil }
        return document("CompleteMultipartUploadResult") { xml("Key") { "x" } }
    }

    // MARK: How it says things

    private func xml(_ name: String, _ content: () -> String) -> String {
        let name = ways.xml == .prefixed ? "s3:\(name)" : name
        return "<\(name)>\(content())</\(name)>"
    }

    private func document(_ name: String, _ content: () -> String) -> Reply {
        let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
        let body =
            switch ways.xml {
            case .bare: xml(name, content)
            case .namespace: "<?xml version=\"1.0\"?>\n<\(name) xmlns=\"\(namespace)\">\n\(content())\n</\(name)>\n"
            case .prefixed: "<s3:\(name) xmlns:s3='\(namespace)'>\(content())</s3:\(name)>"
            }
        return Reply(headers: ["Content-Type: application/xml"], body: Array(body.utf8))
    }

    private func error(
        _ status: String,
        _ code: String,
        _ message: String,
        _ more: String = "",
        headers: [String] = []
    ) -> Reply {
        let body = "<Error><Code>\(code)</Code><Message>\(message)</Message>\(more)</Error>"
        return Reply(status: status, headers: headers, body: Array(body.utf8))
    }

    private static func httpDate(_ date: Date) -> String {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "UTC")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return format.string(from: date)
    }
}

/// Something that is there only after its owner.
private final class Held<Value: Sendable>: Sendable {
    private let content = Mutex<Value?>(nil)

    var value: Value? {
        get { content.withLock { $0 } }
        set { content.withLock { $0 = newValue } }
    }
}
