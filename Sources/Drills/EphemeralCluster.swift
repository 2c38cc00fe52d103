import AgeEncryption
import Diagnostics
import Glibc
package import PostgresClient
package import Streams

/// A private PostgreSQL cluster in a temporary folder: reached through a Unix socket only, run by an unprivileged user,
/// and removed when it goes out of scope.
///
/// The server is a child of the thread that started it and dies with it, so neither a crash nor `kill -9` of this
/// process leaves a server behind; `ClusterJanitor` removes the folder that such an end leaves.
package final class EphemeralCluster {
    package let folder: String
    package let binaries: ServerBinaries
    /// The cluster's first superuser; its name is random, so that the source has no role of that name.
    package let superuser: String
    /// Whether it is cut off from every network; the reason when it is not.
    package private(set) var isolation: NetworkIsolation
    private let user: String?
    private var server: ChildProcess?
    private static let port = 5432

    /// Creates and starts a cluster; everything is removed again when that fails.
    ///
    /// Blocks until the server answers. `parent` is an existing folder with room for the data; `isolation` is the best that
    /// this machine allows unless something else is asked for.
    package init(
        binaries: ServerBinaries,
        parent: String,
        tuning: ClusterTuning,
        isolation: NetworkIsolation? = nil,
        stop: Stop
    ) throws {
        self.binaries = binaries
        superuser = "lifeboat_" + Hex.encode(try randomBytes(6))
        user = geteuid() == 0 ? try Self.unprivilegedUser() : nil
        self.isolation = isolation ?? .best(for: user)
        folder = try ScratchFolder.create(in: parent, owner: user)
        do {
            try initialise(tuning)
            try start(stop: stop)
        } catch {
            remove()
            throw error
        }
    }

    deinit { remove() }

    /// How to reach `database` as the cluster's own superuser.
    package func settings(database: String) throws -> ConnectionSettings {
        try ConnectionSettings(
            text: "host='\(folder)' port=\(Self.port) user=\(superuser) dbname='\(database)' sslmode=disable"
                + " options='-c search_path= -c role=none'"
        )
    }

    /// The end of the server's log, for a person who must know why it refused.
    package var logTail: String {
        guard let text = try? FileSource(path: folder + "/server.log").readAll(limit: 1 << 20) else { return "" }
        return String(decoding: text, as: UTF8.self).split(separator: "\n").suffix(5).joined(separator: " | ")
    }

    private func initialise(_ tuning: ClusterTuning) throws {
        let outcome = try ChildProcess.run(
            ChildLaunch(
                binaries.initdb,
                [
                    "--pgdata=\(folder)/data", "--username=\(superuser)", "--auth=trust", "--encoding=UTF8",
                    "--locale=C.UTF-8", "--no-sync",
                ],
                user: user,
                signalAtOurDeath: .kill
            )
        )
        guard outcome.ending.isSuccess else {
            throw Diagnostic(
                .scratchCluster,
                "cannot create a scratch cluster in '\(folder)'",
                cause: redacted(outcome.message),
                hint: "Check that the folder has room and that user '\(user ?? "you")' may write to it."
            )
        }
        let configuration = folder + "/data/lifeboat.conf"
        let file = try AtomicFile(path: configuration, .create)
        try file.write(text: tuning.configuration(socketFolder: folder, port: Self.port))
        try file.finish()
        try ScratchFolder.give(configuration, to: user)
    }

    private func start(stop: Stop) throws {
        let server = try ChildProcess(
            starting: ChildLaunch(
                binaries.postgres,
                ["-D", folder + "/data", "-c", "config_file=\(folder)/data/lifeboat.conf"],
                user: user,
                signalAtOurDeath: .quit,
                network: isolation.network
            ),
            standardError: .appended(path: folder + "/server.log")
        )
        self.server = server
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            if stop.isRequested { throw Stopped() }
            if (try? Connection(try settings(database: "postgres"))) != nil { break }
            guard server.endingIfOver() == nil, ContinuousClock.now < deadline else {
                throw Diagnostic(
                    .scratchCluster,
                    "the scratch cluster in '\(folder)' did not start",
                    cause: redacted(logTail),
                    hint: "Run it again; if it fails again, the cause above is the server's own."
                )
            }
            usleep(20_000)
        }
        isolation = isolation.confirmed(of: server.processID)
    }

    private func remove() {
        // Nothing in it is worth a checkpoint: immediate shutdown, then the folder.
        server?.end([ChildProcess.EndingStep(.quit, waiting: .seconds(10))])
        server = nil
        ScratchFolder.remove(folder)
    }

    private static func unprivilegedUser() throws -> String {
        for name in ["postgres", "nobody"] where getpwnam(name) != nil { return name }
        throw Diagnostic(
            .scratchCluster,
            "cannot run a scratch cluster as root",
            cause: "PostgreSQL refuses to, and there is no user 'postgres' or 'nobody' to run it as",
            hint: "Run the drill as an ordinary user."
        )
    }
}
