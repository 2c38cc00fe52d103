import Glibc
package import SecureShell
import Synchronization

/// What it takes to reach a folder behind SFTP.
package struct SFTPPlace: Sendable {
    package var endpoint: SSHEndpoint
    package var pin: HostKeyPin
    package var login: SSHLogin
    /// From the server's root, or from the user's home there.
    package var path: String
    /// How many connections may be open at once.
    package var connections: Int

    /// Creates a place.
    package init(endpoint: SSHEndpoint, pin: HostKeyPin, login: SSHLogin, path: String, connections: Int = 4) {
        self.endpoint = endpoint
        self.pin = pin
        self.login = login
        self.path = path
        self.connections = connections
    }
}

/// The connections of one store: made when first needed, made again when lost, shared by all threads.
final class SFTPConnections: Sendable {
    private let lanes: [SFTPLane]

    init(_ place: SFTPPlace) { lanes = (0..<max(1, place.connections)).map { _ in SFTPLane(place) } }

    /// Runs `body` on the connection that the fewest others use.
    func use<Value>(_ body: (SFTPSession) throws -> Value) throws -> Value {
        let lane = leastUsed()
        defer { lane.leave() }
        return try lane.use(body)
    }

    /// The connection for something that lasts, such as an open file; the caller calls `leave()` once.
    func leastUsed() -> SFTPLane {
        let lane = lanes.min { $0.userCount < $1.userCount } ?? lanes[0]
        lane.enter()
        return lane
    }
}

/// One connection and the lock that gives it to one thread at a time.
///
/// `@unchecked Sendable`: the session, and every file opened with it, is touched with the lock held only.
final class SFTPLane: @unchecked Sendable {
    private let place: SFTPPlace
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let users = Atomic(0)
    private var session: SFTPSession?

    init(_ place: SFTPPlace) {
        self.place = place
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    var userCount: Int { users.load(ordering: .relaxed) }
    func enter() { users.add(1, ordering: .relaxed) }
    func leave() { users.subtract(1, ordering: .relaxed) }

    /// Runs `body` with a connection that lives as far as is known; one that breaks meanwhile is dropped.
    func use<Value>(_ body: (SFTPSession) throws -> Value) throws -> Value {
        try locked {
            let current = try session ?? SFTPSession(place.endpoint, pin: place.pin, login: place.login)
            session = current
            do { return try body(current) } catch let error as SecureShellError where error.isTransient {
                session = nil
                throw error
            }
        }
    }

    /// Runs `body`, which works with a file opened earlier, whether its connection is still the lane's or not.
    func locked<Value>(_ body: () throws -> Value) rethrows -> Value {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }

    /// The same for a file of the connection in use: when that breaks, the next user connects again.
    func work<Value>(_ body: () throws -> Value) throws -> Value {
        try locked {
            do { return try body() } catch let error as SecureShellError where error.isTransient {
                session = nil
                throw error
            }
        }
    }
}
