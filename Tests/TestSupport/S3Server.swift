import Diagnostics
import Glibc
import HTTPClient
package import Model
import Streams
import Synchronization

/// A server that speaks S3, one of each kind per test process; everything in it is gone when the process ends.
package final class S3Server: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        /// Keeps conditions, versions and locks; in memory, and it believes every signature.
        case moto
        /// Checks signatures, and knows no conditions: it overwrites what should be created once.
        case rclone
    }

    package static let accessKey = "AKIDLIFEBOAT"
    package static let secretKey = "lifeboat-test-secret"

    package let kind: Kind
    package let port: Int
    package var endpoint: String { "http://127.0.0.1:\(port)" }

    private static let running = Mutex<[Kind: Result<S3Server, any Error>]>([:])
    private let buckets = Mutex(0)
    private let process: Mutex<ServerProcess>

    /// The server of that kind; the first call takes some seconds.
    package static func shared(_ kind: Kind) throws -> S3Server {
        try running.withLock { running in
            if let known = running[kind] { return try known.get() }
            let started = Result { try S3Server(starting: kind) }
            running[kind] = started
            return try started.get()
        }
    }

    /// The environment that a client of this server needs.
    package var environment: [String: String] {
        [
            "AWS_ACCESS_KEY_ID": Self.accessKey, "AWS_SECRET_ACCESS_KEY": Self.secretKey,
            "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1",
        ]
    }

    private init(starting kind: Kind) throws {
        self.kind = kind
        port = try unusedPort()
        let launch = try Self.launch(kind, port: port)
        process = Mutex(ServerProcess(process: try ChildProcess(starting: launch)))
        try waitUntilReady()
    }

    /// A new, empty bucket; with `lock`, one that has versions and takes locks.
    package func makeBucket(lock: Bool = false) throws -> String {
        let number = buckets.withLock { count in
            count += 1
            return count
        }
        let name = "bucket-\(number)"
        switch kind {
        case .moto:
            let headers = lock ? [(name: "x-amz-bucket-object-lock-enabled", value: "true")] : []
            let answer = try client.perform(HTTPRequest("PUT", "\(endpoint)/\(name)", headers: headers))
            guard answer.status == 200 else {
                throw Diagnostic(
                    .internalError,
                    "no bucket was made",
                    cause: String(decoding: answer.body, as: UTF8.self)
                )
            }
        case .rclone:
            // It remembers what folders hold, and would not see a new one: they were all made before it started.
            precondition(number <= 64, "the tests need more buckets")
        }
        return name
    }

    /// Until when nobody can delete an object, as moto tells it; nil when it is not locked.
    package func lockEnd(of key: String, in bucket: String) throws -> Instant? {
        let authorization = (
            name: "Authorization",
            value: "AWS4-HMAC-SHA256 Credential=\(Self.accessKey)/20260101/us-east-1/s3/aws4_request,"
                + "SignedHeaders=host,Signature=0"
        )
        let head = try client.perform(HTTPRequest("HEAD", "\(endpoint)/\(bucket)/\(key)", headers: [authorization]))
            .head
        return head["x-amz-object-lock-retain-until-date"].flatMap { Instant($0) }
    }

    private var client: HTTPClient {
        var settings = HTTPClientSettings()
        settings.allowsPlainText = true
        return HTTPClient(settings)
    }

    private static func folder(_ port: Int) -> String { "/tmp/lifeboat-rclone.\(port)" }

    private static func launch(_ kind: Kind, port: Int) throws -> ChildLaunch {
        let folder = try installation()
        let account = geteuid() == 0 ? "postgres" : nil
        switch kind {
        case .moto:
            let arguments = [folder + "/bin/moto_server", "-H", "127.0.0.1", "-p", "\(port)"]
            return ChildLaunch(
                folder + "/bin/python3",
                arguments,
                user: account,
                workingDirectory: "/tmp",
                signalAtOurDeath: .terminate
            )
        case .rclone:
            let script = """
                mkdir -m 777 "$1" || exit 1
                n=0; while [ $((n += 1)) -le 64 ]; do mkdir "$1/bucket-$n"; done
                trap 'kill $server 2>/dev/null' TERM INT QUIT HUP
                "$2" serve s3 --addr "127.0.0.1:$3" --auth-key "$4" --config /dev/null --vfs-cache-mode off "$1" &
                server=$!
                wait $server
                wait $server
                rm -rf "$1"
                """
            let key = accessKey + "," + secretKey
            let arguments = ["-c", script, "sh", Self.folder(port), folder + "/bin/rclone", "\(port)", key]
            return ChildLaunch(
                "/bin/sh",
                arguments,
                user: account,
                workingDirectory: "/tmp",
                signalAtOurDeath: .terminate
            )
        }
    }

    private func waitUntilReady() throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while (try? client.perform(HTTPRequest("GET", endpoint + "/"))) == nil {
            guard ContinuousClock.now < deadline else {
                throw Diagnostic(.internalError, "\(kind.rawValue) did not start at \(endpoint)")
            }
            usleep(50_000)
        }
    }

    /// Where `scripts/setup --tests` installs the servers.
    static func installation() throws -> String {
        let variables = [("XDG_CACHE_HOME", "/lifeboat"), ("HOME", "/.cache/lifeboat")]
        let own = variables.compactMap { name, rest in getenv(name).map { String(cString: $0) + rest } }
        let candidates = (geteuid() == 0 ? [] : own) + ["/var/cache/lifeboat"]
        let places = candidates.map { $0 + "/s3-servers-1" }
        guard let found = places.first(where: { access($0 + "/complete", F_OK) == 0 }) else {
            throw Diagnostic(
                .serverBinariesMissing,
                "the tests need moto and rclone, and they are not in '\(places[0])'",
                hint: "Run scripts/setup --tests."
            )
        }
        return found
    }
}

/// The running server.
///
/// `@unchecked Sendable`: only reachable through the mutex of its owner.
private struct ServerProcess: @unchecked Sendable {
    let process: ChildProcess
}
