import Diagnostics
import Glibc
import Synchronization

/// What a proxy does with one request.
package enum NetworkFault: Sendable {
    /// Nothing: the request goes on and its answer comes back.
    case none
    /// The server never hears of it; this is answered.
    case answer(_ status: String, headers: [String] = [], body: String = "")
    /// The same with nothing but a status.
    case bareAnswer(_ status: String)
    /// The server does what was asked, and this is answered instead of what it said.
    case replaceAnswer(_ status: String, body: String = "")
    /// The server does what was asked, and the connection ends without a word of it.
    case loseAnswer
    /// The answer ends after that many bytes.
    case cutAnswer(after: Int)
}

/// Stands between a client and an HTTP server on this machine and spoils what the test wants spoiled.
package final class FaultProxy: Sendable {
    package let server: LoopbackServer
    package var endpoint: String { "http://127.0.0.1:\(server.port)" }

    /// `decide` sees the request line (`PUT /bucket/key?x=1`) and how many requests with the same line came before.
    package convenience init(
        to port: Int,
        _ decide: @escaping @Sendable (_ line: String, _ earlier: Int) -> NetworkFault
    ) throws {
        let counts = Counts()
        try self.init(to: port, whole: { line, _ in decide(line, counts.next(line)) })
    }

    /// A proxy whose `decide` sees the request line and the whole head.
    package static func seeingHeads(
        to port: Int,
        _ decide: @escaping @Sendable (_ line: String, _ head: String) -> NetworkFault
    ) throws -> FaultProxy { try FaultProxy(to: port, whole: decide) }

    private init(
        to port: Int,
        whole decide: @escaping @Sendable (_ line: String, _ head: String) -> NetworkFault
    ) throws {
        server = try LoopbackServer { connection in
            guard let request = connection.request() else { return }
            let words = request.head.split(separator: " ")
            Self.treat(connection, request, port, decide("\(words[0]) \(words[1])", request.head))
        }
    }

    private final class Counts: Sendable {
        private let seen = Mutex<[String: Int]>([:])

        func next(_ line: String) -> Int {
            seen.withLock { seen in
                defer { seen[line, default: 0] += 1 }
                return seen[line, default: 0]
            }
        }
    }

    private static func treat(
        _ connection: LoopbackConnection,
        _ request: (head: String, body: [UInt8]),
        _ port: Int,
        _ fault: NetworkFault
    ) {
        switch fault {
        case .none: connection.send(forward(request, port))
        case .answer(let status, let headers, let body):
            connection.answer(status, headers: headers + ["Connection: close"], body: body)
        case .bareAnswer(let status): connection.send(Array("HTTP/1.1 \(status)\r\nConnection: close\r\n\r\n".utf8))
        case .replaceAnswer(let status, let body):
            _ = forward(request, port)
            connection.answer(status, headers: ["Connection: close"], body: body)
        case .loseAnswer: _ = forward(request, port)
        case .cutAnswer(let count): connection.send(Array(forward(request, port).prefix(count)))
        }
    }

    /// The server's whole answer.
    private static func forward(_ request: (head: String, body: [UInt8]), _ port: Int) -> [UInt8] {
        let lines = request.head.split(separator: "\r\n").filter { !$0.lowercased().hasPrefix("connection:") }
        let head = (lines + ["Connection: close"]).joined(separator: "\r\n") + "\r\n\r\n"
        return (try? LoopbackConnection.exchange(Array(head.utf8) + request.body, with: port)) ?? []
    }
}

extension LoopbackConnection {
    /// Connects to a port of this machine, sends, and takes everything until the other side closes.
    static func exchange(_ bytes: [UInt8], with port: Int) throws -> [UInt8] {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            throw Diagnostic(.internalError, "cannot connect", cause: String(cString: strerror(errno)))
        }
        let connection = LoopbackConnection(descriptor)
        connection.send(bytes)
        while connection.fill() {}
        return connection.taken
    }
}
