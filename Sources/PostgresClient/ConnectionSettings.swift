import Diagnostics
import Glibc

/// Which database to connect to, and how; a value that may hold a password and never shows it.
///
/// Whatever the text leaves open is filled in by libpq itself, from `PG*` variables, the service file and `.pgpass`.
/// The texts that people write are parsed by libpq too, so everything that `psql` understands works.
package struct ConnectionSettings: Sendable, Equatable {
    /// What was said explicitly, by libpq's keywords.
    private(set) var keywords: [String: String]
    /// What libpq makes of it together with the environment.
    private let resolved: ResolvedSettings

    /// Settings from a `postgres://` URL or a `keyword=value` text; an empty text means the environment alone.
    ///
    /// With `allowPassword: false`, for texts from a command line that every user of the machine can read, a password
    /// in the text is refused. Throws `Diagnostic`.
    package init(text: String, allowPassword: Bool = true) throws {
        let parsed = try parseConnectionText(text)
        if !allowPassword, parsed["password"] != nil || parsed["sslpassword"] != nil {
            throw Diagnostic(
                .secretOnCommandLine,
                "the database address contains a password",
                cause: "command lines are visible to every user of this machine and stay in the shell's history",
                hint: "Put the password into PGPASSWORD or .pgpass, or the whole address into a variable."
            )
        }
        try self.init(keywords: parsed)
    }

    /// Settings from an environment variable such as `DATABASE_URL`.
    ///
    /// Throws `Diagnostic`.
    package init(environmentVariable name: String) throws {
        guard let value = getenv(name).map({ String(cString: $0) }), !value.isEmpty else {
            throw Diagnostic(
                .settingsMissing,
                "the environment variable '\(name)' is not set",
                hint: "Set it to a postgres:// address, or name another variable."
            )
        }
        try self.init(text: value)
    }

    /// Settings from libpq's own keywords: `host`, `port`, `dbname`, `user`, … Throws `Diagnostic`.
    package init(keywords: [String: String]) throws {
        self.keywords = keywords
        resolved = try ResolvedSettings(keywords)
    }

    /// The same server and role, another database.
    package func with(database name: String) -> ConnectionSettings {
        var copy = self
        copy.keywords["dbname"] = name
        return copy
    }

    /// The same with another keyword of libpq set, such as `options` or `connect_timeout`.
    ///
    /// Throws `Diagnostic`.
    package func with(_ keyword: String, _ value: String) throws -> ConnectionSettings {
        try ConnectionSettings(keywords: keywords.merging([keyword: value]) { _, new in new })
    }

    /// The host name, address or socket folder, the first if there are several.
    package var host: String { resolved.host }
    /// The port, as text: `5432`.
    package var port: String { resolved.port }
    /// The role.
    package var user: String { resolved.user }
    /// The database.
    package var database: String { keywords["dbname"] ?? resolved.database }
    /// Whether every host is this machine: a socket or a loopback address.
    package var isLocal: Bool { resolved.isLocal }

    /// `shop on db1:5432`: what people are shown; never a password.
    package var displayName: String {
        let place = host.contains(":") ? "[\(host)]" : host
        return isSocket ? "\(database) on \(host)" : "\(database) on \(place):\(port)"
    }

    private var isSocket: Bool { host.hasPrefix("/") || host.hasPrefix("@") }
}

extension ConnectionSettings: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { displayName }
    package var debugDescription: String { displayName }
    package var customMirror: Mirror { Mirror(self, children: ["displayName": displayName]) }
}

// MARK: What libpq is given

extension ConnectionSettings {
    /// The keywords of the connection attempt: what was said, and our defaults for what nobody said.
    var connectKeywords: [(keyword: String, value: String)] {
        var all = keywords
        for (keyword, value) in Self.defaults where all[keyword] == nil && !resolved.isSaid(keyword) {
            all[keyword] = value
        }
        if needsVerifiedTLS {
            all["sslmode"] = "verify-full"
            if !resolved.isSaid("sslrootcert"), let bundle = systemCertificates() { all["sslrootcert"] = bundle }
        }
        // Names and texts are UTF-8 here, whatever PGCLIENTENCODING or the database say.
        all["client_encoding"] = "UTF8"
        return all.sorted { $0.key < $1.key }.map { (keyword: $0.key, value: $0.value) }
    }

    /// A dead network must not hold a backup for hours, which is what TCP allows when nobody asks for less; a server that
    /// is put to sleep while nobody asks (Neon, Aurora) must have the time to wake up.
    private static let defaults = [
        "application_name": "lifeboat",
        "connect_timeout": "30",
        "keepalives": "1",
        "keepalives_idle": "30",
        "keepalives_interval": "10",
        "keepalives_count": "4",
        "tcp_user_timeout": "90000",
    ]

    /// libpq's own default (`prefer`) encrypts only if the server offers it and never checks whom it talks to, so a
    /// whole database could be read, or be replaced, on the way.
    ///
    /// For another machine we therefore ask for `verify-full` unless somebody said what they want: in the text, in
    /// PGSSLMODE or in a service. (A service that says `prefer` cannot be told from one that says nothing.)
    var needsVerifiedTLS: Bool { !isLocal && !resolved.isSaid("sslmode") }

    /// The system's certificates: libpq 15 knows no `sslrootcert=system`, so their file is named.
    ///
    /// Nil when the user has a root certificate where libpq looks by itself.
    private func systemCertificates() -> String? {
        if let home = getenv("HOME").map({ String(cString: $0) }), isReadable(home + "/.postgresql/root.crt") {
            return nil
        }
        let places = [
            "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
        ]
        return places.first(where: isReadable)
    }

    private func isReadable(_ path: String) -> Bool { access(path, R_OK) == 0 }
}
