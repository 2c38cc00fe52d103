package import Streams

/// What a request carries.
package enum HTTPBody {
    case none
    case bytes([UInt8])
    /// Exactly `length` bytes, pulled on the thread that performs the request.
    case source(any ByteSource, length: Int64)
}

/// One request.
///
/// Its URL is sent as it stands, so every byte that needs it must be percent-encoded already.
package struct HTTPRequest {
    package var method: String
    package var url: String
    package var headers: [(name: String, value: String)]
    package var body: HTTPBody

    /// Creates a request.
    package init(
        _ method: String,
        _ url: String,
        headers: [(name: String, value: String)] = [],
        body: HTTPBody = .none
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}
