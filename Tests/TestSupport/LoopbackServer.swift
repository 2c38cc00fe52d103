import Diagnostics
import Glibc
import Streams
import Synchronization

/// A TCP server on 127.0.0.1 whose every connection is handled by a closure of the test, on a thread of its own.
///
/// For what no real server does on request: cut answers, stalls, floods, errors in the middle.
package final class LoopbackServer: Sendable {
    package let port: Int
    private let listener: Int32
    private let accepted = Mutex(0)

    /// Starts listening; `handle` gets each connection, which is closed when it returns.
    package init(_ handle: @escaping @Sendable (LoopbackConnection) -> Void) throws {
        port = try unusedPort()
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0, listen(listener, 64) == 0 else {
            throw Diagnostic(.resourceExhausted, "cannot listen", cause: String(cString: strerror(errno)))
        }
        startDedicatedThread { [listener, weak self] in
            while case let descriptor = accept(listener, nil, nil), descriptor >= 0 {
                self?.accepted.withLock { $0 += 1 }
                startDedicatedThread {
                    handle(LoopbackConnection(descriptor))
                    close(descriptor)
                }
            }
        }
    }

    deinit {
        // `accept` in the other thread returns with an error.
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// Connections so far.
    package var connections: Int { accepted.withLock { $0 } }
}

/// One connection, with just enough HTTP to read a request.
package final class LoopbackConnection {
    private let descriptor: Int32
    private var buffered: [UInt8] = []
    /// Bytes of bodies and heads taken from the socket so far.
    package private(set) var received = 0

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// What was taken from the socket and not yet given out.
    var taken: [UInt8] { buffered }

    /// The next request's head and body; nil when the client has gone.
    package func request() -> (head: String, body: [UInt8])? {
        guard let head = head() else { return nil }
        let length = Self.value("content-length", in: head).flatMap { Int($0) } ?? 0
        while buffered.count < length { guard fill() else { return nil } }
        defer { buffered.removeFirst(length) }
        return (head, Array(buffered.prefix(length)))
    }

    /// The next request's head only; its body stays in the socket.
    package func head() -> String? {
        let blank = Array("\r\n\r\n".utf8)
        while true {
            if let end = buffered.indices.first(where: { buffered[$0...].starts(with: blank) }) {
                defer { buffered.removeFirst(end + 4) }
                return String(decoding: buffered[..<end], as: UTF8.self)
            }
            guard fill() else { return nil }
        }
    }

    /// Takes up to 64 KiB from the socket; false at its end.
    package func fill() -> Bool {
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(descriptor, &piece, piece.count, 0)
        guard count > 0 else { return false }
        received += count
        buffered += piece[..<count]
        return true
    }

    /// Sends everything; false when the client has gone.
    @discardableResult
    package func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Sends a whole answer.
    @discardableResult
    package func answer(_ status: String, headers: [String] = [], body: String = "") -> Bool {
        let head = ["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers
        return send(Array((head.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8))
    }

    /// The value of a header in a head.
    package static func value(_ name: String, in head: String) -> String? {
        for line in head.split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0].lowercased() == name {
                return String(parts[1].drop { $0 == " " })
            }
        }
        return nil
    }
}
