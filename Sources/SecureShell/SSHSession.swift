import CSSH2
import Glibc

/// An authenticated connection to a server whose key was checked before anything was said to it.
///
/// Belongs to one thread at a time. Every call blocks until the answer is there, at most for the endpoint's patience without
/// a sign of life; after `connectionLost` the session is of no use any more.
final class SSHSession {
    let handle: OpaquePointer
    private let socket: SSHSocket
    private let silencePatience: Duration

    /// Set when the connection is known to be gone: nothing waits for it any more.
    private var isLost = false

    private static let isInitialised = libssh2_init(0) == 0

    /// Connects, checks the host's key and logs in; with each of the pin's key types in turn until the host shows its key.
    static func open(
        _ endpoint: SSHEndpoint,
        pin: HostKeyPin,
        login: SSHLogin
    ) throws(SecureShellError) -> SSHSession {
        var mismatch: SecureShellError?
        var last = SecureShellError.handshake("the host key is of no known type")
        for types in try pin.typeChoices(for: endpoint) {
            do throws(SecureShellError) {
                return try SSHSession(endpoint, pin, login, types)
            } catch {
                // A host has a key of each type; the pinned one may be of the next.
                last = error
                switch error {
                case .hostKeyMismatch: mismatch = mismatch ?? error
                case .handshake: break
                default: throw error
                }
            }
        }
        throw mismatch ?? last
    }

    private init(
        _ endpoint: SSHEndpoint,
        _ pin: HostKeyPin,
        _ login: SSHLogin,
        _ types: [String]
    ) throws(SecureShellError) {
        guard Self.isInitialised, let handle = libssh2_session_init_ex(nil, nil, nil, nil) else {
            throw .handshake("the SSH library cannot start")
        }
        self.handle = handle
        silencePatience = endpoint.silencePatience
        do throws(SecureShellError) { socket = try SSHSocket(to: endpoint) } catch {
            libssh2_session_free(handle)
            throw error
        }
        libssh2_session_set_blocking(handle, 0)
        if !types.isEmpty { libssh2_session_method_pref(handle, LIBSSH2_METHOD_HOSTKEY, types.joined(separator: ",")) }
        let descriptor = socket.descriptor
        let status = try repeated { Int(libssh2_session_handshake(handle, descriptor)) }
        guard status == 0 else { throw .handshake(lastMessage) }
        try pin.check(self, endpoint)
        try logIn(endpoint.user, login)
    }

    deinit {
        // With the connection cut, nothing that is freed tries to say goodbye and to wait for an answer.
        shutdown(socket.descriptor, Int32(SHUT_RDWR))
        libssh2_session_free(handle)
    }

    /// What the library says of its last failure.
    var lastMessage: String {
        var text: UnsafeMutablePointer<CChar>?
        libssh2_session_last_error(handle, &text, nil, 0)
        return text.map { String(cString: $0) } ?? "unknown error"
    }

    /// The library's number for its last failure.
    var lastNumber: Int { Int(libssh2_session_last_errno(handle)) }

    /// Calls `body` until it no longer asks to be called again; the library wants the same arguments each time.
    func repeated(_ body: () -> Int) throws(SecureShellError) -> Int {
        while true {
            guard !isLost else { throw .connectionLost("the connection was lost before") }
            let status = body()
            guard status == Int(LIBSSH2_ERROR_EAGAIN) else {
                if Self.isLoss(status) { throw loss(lastMessage) }
                return status
            }
            try waitForPeer()
        }
    }

    /// The same for calls that return a handle or nothing.
    func repeatedHandle(_ body: () -> OpaquePointer?) throws(SecureShellError) -> OpaquePointer? {
        while true {
            guard !isLost else { throw .connectionLost("the connection was lost before") }
            if let found = body() { return found }
            let number = lastNumber
            guard number == Int(LIBSSH2_ERROR_EAGAIN) else {
                if Self.isLoss(number) { throw loss(lastMessage) }
                return nil
            }
            try waitForPeer()
        }
    }

    /// Waits until the connection can go on.
    func waitForPeer() throws(SecureShellError) {
        let directions = libssh2_session_block_directions(handle)
        var events: Int16 = 0
        if directions & LIBSSH2_SESSION_BLOCK_INBOUND != 0 { events |= Int16(POLLIN) }
        if directions & LIBSSH2_SESSION_BLOCK_OUTBOUND != 0 { events |= Int16(POLLOUT) }
        if events == 0 { events = Int16(POLLIN) }
        guard SSHSocket.ready(socket.descriptor, events, within: silencePatience) else {
            throw loss("no answer for \(silencePatience.components.seconds) s")
        }
    }

    /// Notes that the connection is gone.
    func loss(_ reason: String) -> SecureShellError {
        isLost = true
        return .connectionLost(reason)
    }

    private static func isLoss(_ status: Int) -> Bool {
        switch Int32(clamping: status) {
        case LIBSSH2_ERROR_SOCKET_SEND, LIBSSH2_ERROR_SOCKET_RECV, LIBSSH2_ERROR_SOCKET_DISCONNECT,
            LIBSSH2_ERROR_SOCKET_NONE, LIBSSH2_ERROR_SOCKET_TIMEOUT, LIBSSH2_ERROR_TIMEOUT, LIBSSH2_ERROR_BAD_SOCKET,
            LIBSSH2_ERROR_CHANNEL_CLOSED, LIBSSH2_ERROR_CHANNEL_EOF_SENT, LIBSSH2_ERROR_DECRYPT,
            LIBSSH2_ERROR_INVALID_MAC, LIBSSH2_ERROR_ENCRYPT:
            true
        default: false
        }
    }
}
