import CCurl
package import Streams
import Synchronization

/// Makes blocking HTTP requests; from any thread, each request on its caller's.
///
/// Connections are kept and used again. Certificates are verified always. A redirect is an answer like any other and is
/// never followed: credentials must not travel to whoever a server names. Nothing is repeated: only the caller knows
/// what may be sent twice. Throws `HTTPFailure` when there is no answer, and `Stopped` when the run is to end.
package final class HTTPClient: Sendable {
    package let settings: HTTPClientSettings
    private let stop: Stop?
    private let idle = Mutex<[CurlHandle]>([])

    /// Creates a client; nothing is connected before the first request.
    package init(_ settings: HTTPClientSettings, stop: Stop? = nil) {
        self.settings = settings
        self.stop = stop
    }

    /// Sends a request and waits for the whole answer, refusing a body of more than `limit` bytes.
    package func perform(_ request: HTTPRequest, limit: Int = 1 << 20) throws -> HTTPResponse {
        let answer = try start(request)
        do {
            return HTTPResponse(head: answer.head, body: try answer.readAll(limit: limit))
        } catch is SourceTooLarge {
            throw HTTPFailure(.tooLarge, "the answer is larger than \(limit) bytes")
        }
    }

    /// Sends a request and returns when the head of the answer is there; its body is then pulled.
    ///
    /// Holds at most 512 KiB of the body. The answer belongs to one thread; dropping it closes the connection unless
    /// everything was read.
    package func start(_ request: HTTPRequest) throws -> HTTPAnswer {
        let handle = try translatingCurl { try idle.withLock { $0.popLast() } ?? CurlHandle() }
        try translatingCurl { try prepare(handle, for: request) }
        let answer = HTTPAnswer(handle, of: self, body: request.body, stop: stop)
        try answer.awaitHead()
        return answer
    }

    /// Takes back a handle whose transfer has ended.
    func recycle(_ handle: CurlHandle) {
        handle.end()
        idle.withLock { if $0.count < settings.idleConnections { $0.append(handle) } }
    }

    private func prepare(_ handle: CurlHandle, for request: HTTPRequest) throws {
        try handle.reset()
        try handle.set(CURLOPT_URL, request.url)
        // Keys are not file names: `..` and `//` in them must reach the server, whose signature covers them.
        try handle.set(CURLOPT_PATH_AS_IS, 1)
        if settings.allowsPlainText {
            try handle.allowProtocols("http,https", mask: Int(CURLPROTO_HTTP | CURLPROTO_HTTPS))
        } else {
            try handle.allowProtocols("https", mask: Int(CURLPROTO_HTTPS))
        }
        try handle.set(CURLOPT_FOLLOWLOCATION, 0)
        try handle.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        try handle.set(CURLOPT_SSL_VERIFYPEER, 1)
        try handle.set(CURLOPT_SSL_VERIFYHOST, 2)
        try handle.set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        if let file = settings.certificateFile { try handle.set(CURLOPT_CAINFO, file) }
        try handle.set(CURLOPT_CONNECTTIMEOUT, settings.connectSeconds)
        try handle.set(CURLOPT_TCP_KEEPALIVE, 1)
        try handle.set(CURLOPT_BUFFERSIZE, HTTPAnswer.pieceSize)
        try handle.set(CURLOPT_UPLOAD_BUFFERSIZE, 512 << 10)
        try handle.set(CURLOPT_USERAGENT, "lifeboat")
        try setMethod(handle, request)
        // Waiting for `100 Continue` costs a round trip, and a second where the server does not know it.
        let lines = request.headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" } + ["Expect:"]
        try handle.set(CURLOPT_HTTPHEADER, lines)
    }

    private func setMethod(_ handle: CurlHandle, _ request: HTTPRequest) throws {
        switch request.method {
        case "GET": try handle.set(CURLOPT_HTTPGET, 1)
        case "HEAD": try handle.set(CURLOPT_NOBODY, 1)
        case "PUT", "POST":
            try handle.set(CURLOPT_UPLOAD, 1)
            try handle.set(CURLOPT_INFILESIZE_LARGE, offset: request.body.length)
            try handle.set(CURLOPT_CUSTOMREQUEST, request.method)
        default:
            try handle.set(CURLOPT_HTTPGET, 1)
            try handle.set(CURLOPT_CUSTOMREQUEST, request.method)
        }
    }
}

extension HTTPBody {
    var length: Int64 {
        switch self {
        case .none: 0
        case .bytes(let bytes): Int64(bytes.count)
        case .source(_, let length): length
        }
    }

    var source: any ByteSource {
        switch self {
        case .none: MemorySource([])
        case .bytes(let bytes): MemorySource(bytes)
        case .source(let source, _): source
        }
    }
}

/// Runs `body` and turns what libcurl refused into what went wrong with the request.
func translatingCurl<Value>(_ body: () throws -> Value) throws -> Value {
    do {
        return try body()
    } catch let failure as CurlFailure {
        throw HTTPFailure(failure)
    }
}
