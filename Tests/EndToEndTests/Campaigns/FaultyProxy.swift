import Diagnostics
import Glibc
import Streams
import Synchronization

/// Stands between a client and a server on the loopback interface, and does one thing wrong after so many bytes.
final class FaultyProxy: Sendable {
    enum Fault: Sendable {
        /// Both ends are told that the other has closed.
        case cut
        /// Both ends get a reset.
        case reset
        /// Nothing passes for a second, then both ends get a reset.
        case stall
        /// The next bytes pass one by one.
        case drip
        /// Something happens on the server's side, and the connection goes on if it can.
        case event(@Sendable () -> Void)
    }

    private struct State {
        var bytes = 0
        var hasFired = false
        var isStopped = false
    }

    /// Where the client connects to.
    let port: Int
    private let serverPort: Int
    private let fault: Fault
    private let limit: Int
    private let listener: Int32
    private let state = Mutex(State())
    private let running = Latch(count: 1)

    /// Begins to listen; `limit` bytes of both directions and all connections together pass unharmed.
    init(to serverPort: Int, _ fault: Fault, after limit: Int) throws {
        (listener, port) = try Self.listen()
        self.serverPort = serverPort
        self.fault = fault
        self.limit = limit
        startDedicatedThread { [self] in
            acceptAll()
            running.arrive()
        }
    }

    /// How many bytes have passed.
    var bytes: Int { state.withLock { $0.bytes } }
    var hasFired: Bool { state.withLock { $0.hasFired } }

    /// Ends the proxy and every connection through it.
    func stop() {
        state.withLock { $0.isStopped = true }
        running.wait()
    }

    private var isStopped: Bool { state.withLock { $0.isStopped } }

    private func acceptAll() {
        defer { close(listener) }
        while !isStopped {
            var waiting = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 20) > 0 else { continue }
            let client = accept(listener, nil, nil)
            guard client >= 0 else { continue }
            guard let server = Self.connect(to: serverPort) else {
                close(client)
                continue
            }
            startDedicatedThread { [self] in pump(client, server) }
        }
    }

    /// Passes bytes on in both directions until one end closes, the fault happens, or the proxy stops.
    private func pump(_ client: Int32, _ server: Int32) {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        defer {
            close(client)
            close(server)
        }
        while !isStopped {
            var ends = [
                pollfd(fd: client, events: Int16(POLLIN), revents: 0),
                pollfd(fd: server, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&ends, 2, 20) > 0 else { continue }
            for (from, to) in [(0, server), (1, client)] where ends[from].revents != 0 {
                let count = recv(ends[from].fd, &buffer, buffer.count, 0)
                guard count > 0, pass(buffer[..<count], to, client, server) else { return }
            }
        }
    }

    /// False when the connection is over.
    private func pass(_ bytes: ArraySlice<UInt8>, _ to: Int32, _ client: Int32, _ server: Int32) -> Bool {
        let room = state.withLock { state in
            defer { state.bytes += bytes.count }
            guard !state.hasFired, state.bytes + bytes.count > limit else { return bytes.count }
            state.hasFired = true
            return limit - state.bytes
        }
        guard Self.send(bytes.prefix(room), to) else { return false }
        guard room < bytes.count else { return true }
        let rest = bytes.dropFirst(room)
        switch fault {
        case .cut: return false
        case .reset: return reset(client, server)
        case .stall:
            usleep(1_000_000)
            return reset(client, server)
        case .drip:
            for byte in rest.prefix(200) {
                guard Self.send([byte], to) else { return false }
                usleep(500)
            }
            return Self.send(rest.dropFirst(200), to)
        case .event(let happen):
            happen()
            return Self.send(rest, to)
        }
    }

    private func reset(_ client: Int32, _ server: Int32) -> Bool {
        var now = linger(l_onoff: 1, l_linger: 0)
        for end in [client, server] {
            setsockopt(end, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        }
        return false
    }

    private static func send(_ bytes: ArraySlice<UInt8>, _ to: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(to, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private static func listen() throws -> (Int32, Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 && Glibc.listen(descriptor, 64) == 0
                    ? getsockname(descriptor, pointer, &length) : -1
            }
        }
        guard status == 0 else {
            throw Diagnostic(.resourceExhausted, "cannot listen", cause: String(cString: strerror(errno)))
        }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    private static func connect(to port: Int) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = loopback(port)
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if status == 0 { return descriptor }
        close(descriptor)
        return nil
    }

    private static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}
