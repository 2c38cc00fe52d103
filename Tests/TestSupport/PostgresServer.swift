import Diagnostics
import Glibc
package import PostgresClient
import Streams
import Synchronization

/// A throwaway PostgreSQL cluster, one per test process and major version.
///
/// Started when first asked for, ended and removed when the process ends, however it ends: a small shell process stands
/// between us and the server, the kernel signals it when we die, and it stops the server and removes the folder.
package final class PostgresServer: Sendable {
    package let major: PostgresMajor
    /// The cluster's folder, which is also the folder of its Unix socket.
    package let folder: String
    /// The TCP port on 127.0.0.1, and the number in the socket's name.
    package let port: Int
    /// The folder that holds `postgres` and `initdb`.
    package let programs: String
    /// The superuser, who needs no password on the socket.
    package static let superuser = "postgres"

    private static let running = Mutex<[PostgresMajor: Result<PostgresServer, any Error>]>([:])
    private let supervisor: Mutex<Supervisor>

    /// The cluster of that version; the first call takes about a second.
    ///
    /// Throws a `Diagnostic` that names the remedy.
    package static func shared(_ major: PostgresMajor = .v15) throws -> PostgresServer {
        try running.withLock { running in
            if let known = running[major] { return try known.get() }
            let started = Result { try PostgresServer(starting: major) }
            running[major] = started
            return try started.get()
        }
    }

    /// A cluster of its own, for a test that has to break it; the caller ends it with `stop()`.
    package convenience init(ownFor major: PostgresMajor) throws { try self.init(starting: major) }

    /// A cluster of its own whose server, and any other that runs its `programs`, has `extensions` besides the usual ones.
    package convenience init(with extensions: [TestExtension]) throws {
        try self.init(starting: .v15, extensions: extensions)
    }

    private init(starting major: PostgresMajor, extensions: [TestExtension] = []) throws {
        self.major = major
        folder = try makeClusterFolder()
        port = try unusedPort()
        let binaries = try major.binaries()
        let account = geteuid() == 0 ? Self.superuser : nil
        try initialize(folder, binaries: binaries, account: account, port: port)
        programs = extensions.isEmpty ? binaries : try major.programs(with: extensions, below: folder)
        let launch = ChildLaunch(
            "/bin/sh",
            ["-c", Self.supervision, "sh", programs + "/postgres", folder],
            user: account,
            workingDirectory: folder,
            signalAtOurDeath: .terminate
        )
        supervisor = Mutex(Supervisor(process: try ChildProcess(starting: launch)))
        try waitUntilReady()
    }

    /// The shell's own job: start the server, pass our end on as an immediate shutdown, then remove everything.
    private static let supervision = """
        trap 'kill -QUIT $server 2>/dev/null' TERM INT QUIT HUP
        "$1" -D "$2" >>"$2/log" 2>&1 &
        server=$!
        wait $server
        wait $server
        cd / && rm -rf "$2"
        """

    /// How to reach a database of this cluster as the superuser, over the socket.
    package func settings(database: String = "postgres") throws -> ConnectionSettings {
        try ConnectionSettings(keywords: [
            "host": folder, "port": String(port), "user": Self.superuser, "dbname": database,
        ])
    }

    /// How to reach it over TCP, where a password is asked for.
    package func networkSettings(
        database: String = "postgres",
        user: String,
        password: String
    ) throws -> ConnectionSettings {
        try ConnectionSettings(keywords: [
            "host": "127.0.0.1", "port": String(port), "user": user, "password": password, "dbname": database,
            "sslmode": "disable",
        ])
    }

    /// Stops the server and removes its folder.
    ///
    /// Only for a server of one's own.
    package func stop() {
        supervisor.withLock { $0.process = nil }
    }

    private func waitUntilReady() throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do {
                _ = try Connection(settings())
                return
            } catch {
                guard ContinuousClock.now < deadline, supervisor.withLock({ $0.isRunning }) else {
                    throw Diagnostic(
                        .scratchCluster,
                        "PostgreSQL \(major.rawValue) did not start in '\(folder)'",
                        cause: "\(error)"
                    )
                }
                usleep(10_000)
            }
        }
    }
}

/// The process that stands between us and the server.
///
/// `@unchecked Sendable`: only reachable through the mutex of its server.
private struct Supervisor: @unchecked Sendable {
    var process: ChildProcess? {
        willSet { process?.end([ChildProcess.EndingStep(.terminate, waiting: .seconds(30))]) }
    }

    init(process: sending ChildProcess) { self.process = process }

    var isRunning: Bool { process.map { $0.endingIfOver() == nil } ?? false }
}

/// A folder with a name short enough for a socket path, owned by whoever runs the server.
private func makeClusterFolder() throws -> String {
    var template = Array("/tmp/lifeboat-pg.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
        throw Diagnostic(.fileAccess, "cannot create a folder in '/tmp'", cause: String(cString: strerror(errno)))
    }
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    if geteuid() == 0 {
        guard let account = getpwnam(PostgresServer.superuser) else {
            throw Diagnostic(
                .serverBinariesMissing,
                "PostgreSQL refuses to run as root, and there is no user '\(PostgresServer.superuser)'",
                hint: "Run scripts/setup."
            )
        }
        chown(folder, account.pointee.pw_uid, account.pointee.pw_gid)
    }
    return folder
}

/// A TCP port that nobody listens on at this moment.
package func unusedPort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            bind(descriptor, pointer, length) == 0 ? getsockname(descriptor, pointer, &length) : -1
        }
    }
    guard status == 0 else {
        throw Diagnostic(.resourceExhausted, "cannot find a free port", cause: String(cString: strerror(errno)))
    }
    return Int(UInt16(bigEndian: address.sin_port))
}

/// Creates the cluster and writes its settings: fast, because nothing in it has to survive.
private func initialize(_ folder: String, binaries: String, account: String?, port: Int) throws {
    let script = """
        set -e
        "$1/initdb" --no-sync --no-instructions -E UTF8 --locale=C.UTF-8 -U postgres \
            --auth-local=trust --auth-host=scram-sha-256 -D "$2"
        cat >>"$2/postgresql.conf" <<END
        listen_addresses = '127.0.0.1'
        port = $3
        unix_socket_directories = '$2'
        fsync = off
        synchronous_commit = off
        full_page_writes = off
        autovacuum = off
        shared_buffers = 32MB
        max_connections = 200
        END
        """
    let outcome = try ChildProcess.run(
        ChildLaunch("/bin/sh", ["-c", script, "sh", binaries, folder, String(port)], user: account)
    )
    guard outcome.ending.isSuccess else {
        throw Diagnostic(.scratchCluster, "initdb failed in '\(folder)'", cause: redacted(outcome.message))
    }
}
