import Diagnostics
import Glibc
import PostgresClient
import Streams
import TestSupport
import Testing

/// A cluster whose history a test can rewrite: crash it, save its files, put them back.
final class HistoryCluster {
    let folder: String
    private let binaries: String
    private let account: String?
    let port: Int
    private var server: ChildProcess?

    /// Creates and starts a cluster with these further settings.
    convenience init(_ settings: [String] = [], in scratch: String) throws {
        try self.init(
            named: "cluster",
            making: """
                "$2/initdb" --no-sync --wal-segsize=1 -A trust -U postgres -E UTF8 --locale=C.UTF-8 -D "$1/data"
                """,
            settings + ["listen_addresses = ''", "autovacuum = off", "fsync = off"],
            in: scratch
        )
    }

    /// Creates and starts a standby that streams from another cluster.
    convenience init(streamingFrom primary: HistoryCluster, _ settings: [String], in scratch: String) throws {
        try self.init(
            named: "standby",
            making: """
                "$2/pg_basebackup" -h '\(primary.folder)/run' -p \(primary.port) -U postgres -N -R -c fast -D "$1/data"
                """,
            settings + ["wal_retrieve_retry_interval = 100ms"],
            in: scratch
        )
    }

    private init(named name: String, making: String, _ settings: [String], in scratch: String) throws {
        folder = "\(scratch)/\(name)"
        binaries = try PostgresMajor.v15.binaries()
        account = geteuid() == 0 ? "postgres" : nil
        port = try unusedPort()
        try shell("mkdir \"$1\" && chown postgres \"$1\" && chmod 711 \"$3\"", as: nil, scratch)
        try shell("\(making)\nmkdir \"$1/run\"")
        let lines = settings + ["port = \(port)"]
        try shell("cat >>\"$1/data/postgresql.conf\" <<END\n\(lines.joined(separator: "\n"))\nEND")
        try start()
    }

    /// Waits until this standby shows everything that its primary has written.
    func waitUntilReplayed(from primary: HistoryCluster) throws {
        let writer = try Connection(primary.settings)
        // Something to replay: the position between two pages of the log would not be reached before the next record.
        try writer.execute("SELECT pg_logical_emit_message(true, 'lifeboat', 'here')")
        let goal = try writer.query("SELECT pg_current_wal_insert_lsn()")[0, 0]
        let standby = try Connection(settings)
        let deadline = ContinuousClock.now + .seconds(30)
        let sql = "SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn, pg_sleep(0.01)"
        while try standby.query(sql, [goal])[0, 0] != "t" { try #require(ContinuousClock.now < deadline) }
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

    /// Ends the server in order: what was committed is on the disk.
    func stop() {
        server?.end([ChildProcess.EndingStep(.interrupt, waiting: .seconds(20))])
        server = nil
    }

    /// Begins a new timeline on the stopped cluster, as the promotion of a standby does.
    func promote() throws {
        try shell("touch \"$1/data/standby.signal\"")
        try start()
        try Connection(settings).execute("SELECT pg_promote()")
    }

    /// Turns the transaction counter of the stopped cluster to another number: the words are those of pg_resetwal.
    func reset(_ words: String) throws { try shell("\"$2/pg_resetwal\" $3 -D \"$1/data\"", words) }

    /// Writes one block of a file of the stopped cluster over another, as a disk that mistakes its place does; returns what
    /// undoes it.
    func misplace(block: Int, over other: Int, of file: String) throws -> () throws -> Void {
        let path = "data/\(file)"
        try shell("cp -a \"$1/$3\" \"$1/intact\"", path)
        let words = "bs=8192 count=1 conv=notrunc skip=\(block) seek=\(other)"
        try shell("dd if=\"$1/intact\" of=\"$1/\(path)\" \(words) 2>/dev/null")
        return { [self] in try shell("cp -a \"$1/intact\" \"$1/$3\"", path) }
    }

    /// Gives the stopped cluster a certificate, and makes it ask every client from the network for TLS.
    func certify(as name: String, listeningOn host: String) throws {
        try shell(
            """
            cd "$1/data"
            openssl req -x509 -newkey rsa:2048 -nodes -keyout server.key -out server.crt -days 2 \
              -subj "/CN=$3" -addext "subjectAltName=DNS:$3" 2>/dev/null
            chmod 600 server.key && cp server.crt "$1/server.crt"
            printf "ssl = on\nlisten_addresses = '\(host)'\n" >>postgresql.conf
            echo "hostssl all far all trust" >pg_hba.new && cat pg_hba.conf >>pg_hba.new && mv pg_hba.new pg_hba.conf
            """,
            name
        )
    }

    /// Copies the files of the stopped cluster aside.
    func save() throws { try shell("rm -rf \"$1/saved\" && cp -a \"$1/data\" \"$1/saved\"") }

    /// Puts the saved files in place of the stopped cluster's.
    func putBack() throws { try shell("rm -rf \"$1/data\" && cp -a \"$1/saved\" \"$1/data\"") }

    private func shell(_ script: String, _ further: String = "") throws { try shell(script, as: "postgres", further) }

    private func shell(_ script: String, as user: String?, _ further: String) throws {
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
