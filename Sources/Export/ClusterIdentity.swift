import AgeEncryption
import Model
import PostgresClient

/// Which server and database a session talks to, as far as reuse depends on it.
struct ClusterIdentity {
    /// Nil when it could not be established; nothing is reused then.
    let key: ClusterKey?
    /// Why there is no key, in a sentence's worth of words.
    let problem: String?

    /// Asks the server; a refusal is a reason, not an error.
    init(of connection: Connection, settings: PinnedSettings) throws {
        guard let row = try connection.queryIfAllowed(Self.sql)?.first, let system = row[0], let database = row[2]
        else {
            self.init(problem: "the role may not read pg_control_system() and pg_control_checkpoint()")
            return
        }
        let version = row[4] ?? ""
        guard Self.isKnownServer(version), row[5] == "f" else {
            self.init(problem: "'\(version.prefix(60))' may number transactions in its own way")
            return
        }
        guard let timeline = row[1].flatMap(Int.init), let oid = UInt32(database),
            let number = row[3].flatMap(Int.init)
        else {
            self.init(problem: "the server's identity cannot be read")
            return
        }
        let key = ClusterKey(
            systemIdentifier: system,
            timeline: timeline,
            databaseOID: oid,
            serverVersion: number,
            versionHash: Hex.encode(SHA256.digest(of: Array(version.utf8))),
            settingsHash: settings.hash
        )
        self.init(key: key)
    }

    private init(key: ClusterKey? = nil, problem: String? = nil) {
        self.key = key
        self.problem = problem
    }

    /// Forks with 64-bit transaction ids on their pages give `xmin` another meaning; only builds that say they are plain
    /// PostgreSQL, of a distribution or of a provider, are trusted.
    static func isKnownServer(_ version: String) -> Bool {
        guard let match = version.prefixMatch(of: /PostgreSQL \d+(?:\.\d+)?(?: \(([^)]*)\))?(?: on |,|$)/) else {
            return false
        }
        guard let packager = match.1 else { return true }
        return packager.wholeMatch(of: /(?:Debian|Ubuntu|Homebrew|[0-9a-f]{7,40}\b).*/) != nil
    }

    private static let sql = """
        SELECT (SELECT system_identifier FROM pg_catalog.pg_control_system()),
          (SELECT timeline_id FROM pg_catalog.pg_control_checkpoint()),
          (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()),
          pg_catalog.current_setting('server_version_num'), pg_catalog.version(),
          EXISTS (SELECT FROM pg_catalog.pg_proc
                  WHERE proname IN ('pgpro_version', 'opengauss_version', 'gp_opt_version')
                    AND pronamespace = 'pg_catalog'::pg_catalog.regnamespace)
        """
}
