/// Where a bucket answers: turns keys and queries into URLs, encoded once and signed as they are sent.
struct S3Address: Sendable, Hashable {
    var isSecure: Bool
    /// With the port unless it is the scheme's own.
    var host: String
    var bucket: String
    var prefix: String
    var pathStyle: Bool
    var region: String

    /// `endpoint` is `https://host[:port]` or nil for AWS; nil when it is no such URL.
    init?(bucket: String, prefix: String, endpoint: String?, pathStyle: Bool?, region: String) {
        self.bucket = bucket
        self.prefix = prefix
        self.region = region
        if let endpoint {
            guard
                let match = endpoint.wholeMatch(
                    of: /(?i)(https?):\/\/([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?\/*/
                )
            else { return nil }
            isSecure = match.1.lowercased() == "https"
            let port = match.3.map(String.init) ?? ""
            host = match.2.lowercased() + (port == (isSecure ? ":443" : ":80") ? "" : port)
            // Buckets in host names need DNS and certificates of their own, which few others than AWS have.
            self.pathStyle = pathStyle ?? true
        } else {
            isSecure = true
            host = "s3.\(region).amazonaws.com" + (region.hasPrefix("cn-") ? ".cn" : "")
            // A dot in a bucket's name does not fit AWS's certificate.
            self.pathStyle = pathStyle ?? bucket.contains(".")
        }
    }

    /// Whether requests stay on this machine, where they may go in clear.
    var isLoopback: Bool {
        let name = host.prefix { $0 != ":" || host.hasPrefix("[") }
        return name == "localhost" || name.hasPrefix("127.") || host.hasPrefix("[::1]")
    }

    /// What stands in the `Host` header.
    var requestHost: String { pathStyle ? host : "\(bucket).\(host)" }

    /// The path of a key below the bucket, or of the bucket itself.
    func path(_ name: String?) -> String {
        (pathStyle ? "/" + Self.encode(bucket) : "") + "/" + (name.map { Self.encode($0, keepingSlashes: true) } ?? "")
    }

    /// The name in the bucket of a key of the repository.
    func name(_ key: ObjectKey) -> String { prefix.isEmpty ? key.text : prefix + "/" + key.text }

    func url(path: String, query: String) -> String {
        (isSecure ? "https://" : "http://") + requestHost + path + (query.isEmpty ? "" : "?" + query)
    }

    /// The query in the order and the encoding that are signed.
    static func query(_ items: [(String, String)]) -> String {
        items.map { (encode($0.0), encode($0.1)) }.sorted { $0 < $1 }.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    /// What `encode` made, read back; anything else stays as it is.
    static func decode(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            if byte == UInt8(ascii: "%"), digits.utf8.count == 2, let value = UInt8(digits, radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// RFC 3986: everything but letters, digits and `-._~` as `%XX`.
    static func encode(_ text: String, keepingSlashes: Bool = false) -> String {
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.append(byte)
            case UInt8(ascii: "/") where keepingSlashes: result.append(byte)
            default:
                let digits = Array("0123456789ABCDEF".utf8)
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
