import Diagnostics
import Glibc
import PostgresClient
import Streams
import TestSupport

/// A cluster whose history a test can rewrite: crash it, save its files, put them back.
final class HistoryCluster {
    private let folder: String
    private let binaries: String
    private let account: String?
    private let port: Int
    private var server: ChildProcess?

    /// Creates and starts a cluster with these further settings.
    init(_ settings: [String] = [], in scratch: String) throws {
        folder = scratch + "/cluster"
        binaries = try PostgresMajor.v15.binaries()
        account = geteuid() == 0 ? "postgres" : nil
        port = try unusedPort()
        let lines = settings + ["port = \(port)", "listen_addresses = ''", "autovacuum = off", "fsync = off"]
        try shell(
            """
            mkdir "$1" && chown postgres "$1" && chmod 711 "$3"
            """,
            as: nil,
            scratch
        )
        try shell(
            "\"$2/initdb\" --no-sync -A trust -U postgres -E UTF8 --locale=C.UTF-8 -D \"$1/data\" && mkdir \"$1/run\""
        )
        try shell("cat >>\"$1/data/postgresql.conf\" <<END\n\(lines.joined(separator: "\n"))\nEND")
        try start()
    }

    deinit { server?.end([ChildProcess.EndingStep(.quit, waiting: .seconds(20))]) }

    var settings: ConnectionSettings {
        get throws {
            try ConnectionSettings(keywords: [
                "host": folder + "/run", "port": String(port), "user": "postgres", "dbname": "postgres",
            ])
        }
    }

    func start() throws {
        let launch = ChildLaunch(
            binaries + "/postgres",
            ["-D", folder + "/data", "-k", folder + "/run"],
            user: account,
            workingDirectory: folder,
            signalAtOurDeath: .quit
        )
        server = try ChildProcess(starting: launch)
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do {
                _ = try Connection(settings)
                return
            } catch {
                guard ContinuousClock.now < deadline else { throw error }
                usleep(10_000)
            }
        }
    }

    /// Ends the server like a power failure would, as far as its memory is concerned.
    func crash() {
        server?.end([ChildProcess.EndingStep(.quit, waiting: .seconds(20))])
        server = nil
    }

    /// Copies the files of the stopped cluster aside.
    func save() throws { try shell("rm -rf \"$1/saved\" && cp -a \"$1/data\" \"$1/saved\"") }

    /// Puts the saved files in place of the stopped cluster's.
    func putBack() throws { try shell("rm -rf \"$1/data\" && cp -a \"$1/saved\" \"$1/data\"") }

    private func shell(_ script: String, as user: String? = "postgres", _ further: String = "") throws {
        let outcome = try ChildProcess.run(
            ChildLaunch(
                "/bin/sh",
                ["-c", "set -e\n" + script, "sh", folder, binaries, further],
                user: account == nil ? nil : user
            )
        )
        guard outcome.ending.isSuccess else {
            throw Diagnostic(.scratchCluster, "a step of the test cluster failed", cause: outcome.message)
        }
    }
}
