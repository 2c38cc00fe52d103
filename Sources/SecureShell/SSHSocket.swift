import Glibc

/// A TCP connection that never blocks; closed with its owner.
struct SSHSocket: ~Copyable {
    let descriptor: Int32

    /// Connects to the first address of the host that answers; blocks for as long as the endpoint's patience, an address.
    init(to endpoint: SSHEndpoint) throws(SecureShellError) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(endpoint.host, String(endpoint.port), &hints, &found)
        guard status == 0 else { throw .unreachable(String(cString: gai_strerror(status))) }
        defer { freeaddrinfo(found) }
        var reason: Int32 = ENOENT
        var next = found
        while let address = next {
            switch Self.connected(address.pointee, within: endpoint.connectPatience) {
            case .success(let descriptor):
                self.descriptor = descriptor
                return
            case .failure(let refusal): reason = refusal.number
            }
            next = address.pointee.ai_next
        }
        throw .unreachable(String(cString: strerror(reason)))
    }

    deinit { close(descriptor) }

    private struct Refusal: Error { let number: Int32 }

    private static func connected(_ address: addrinfo, within patience: Duration) -> Result<Int32, Refusal> {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.ai_family, kind, address.ai_protocol)
        guard descriptor >= 0 else { return .failure(Refusal(number: errno)) }
        func refusal(_ number: Int32) -> Result<Int32, Refusal> {
            close(descriptor)
            return .failure(Refusal(number: number))
        }
        if connect(descriptor, address.ai_addr, address.ai_addrlen) != 0 {
            guard errno == EINPROGRESS else { return refusal(errno) }
            guard ready(descriptor, Int16(POLLOUT), within: patience) else { return refusal(ETIMEDOUT) }
            var number: Int32 = 0
            var length = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &length)
            guard number == 0 else { return refusal(number) }
        }
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        // Requests are small and answered one by one; and a peer that vanished must be noticed some day.
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
        setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, size)
        return .success(descriptor)
    }

    /// Waits until the descriptor can be used so; false when the patience ends first.
    static func ready(_ descriptor: Int32, _ events: Int16, within patience: Duration) -> Bool {
        let deadline = ContinuousClock.now + patience
        while true {
            let left = deadline - .now
            var entry = pollfd(fd: descriptor, events: events, revents: 0)
            let milliseconds = max(
                0,
                left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
            )
            let status = poll(&entry, 1, Int32(clamping: milliseconds))
            if status > 0 { return true }
            if status < 0, errno == EINTR { continue }
            return false
        }
    }
}
