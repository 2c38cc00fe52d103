import Diagnostics
import Glibc
import Streams

/// The PostgreSQL server programs of one major version on this machine.
package struct ServerBinaries: Sendable, Hashable {
    package let folder: String
    package let major: Int

    var initdb: String { folder + "/initdb" }
    var postgres: String { folder + "/postgres" }

    /// Finds the programs for a copy of a server of `sourceMajor`: the same major, or the next newer one.
    ///
    /// Looks where `LIFEBOAT_POSTGRES_BIN` points, else where Debian, the PostgreSQL project's own packages and the
    /// source's `make install` put them, else in PATH.
    package static func find(for sourceMajor: Int, environment: [String: String]) throws -> ServerBinaries {
        let found = candidates(environment).compactMap { folder in
            version(of: folder).map { ServerBinaries(folder: folder, major: $0) }
        }
        let fitting = found.filter { $0.major >= sourceMajor }.min { $0.major < $1.major }
        if let fitting { return fitting }
        let majors = Set(found.map(\.major)).sorted().map(String.init).joined(separator: ", ")
        throw Diagnostic(
            .serverBinariesMissing,
            "cannot run a scratch cluster for a PostgreSQL \(sourceMajor) database",
            cause: majors.isEmpty
                ? "no PostgreSQL server programs were found" : "only the programs of PostgreSQL \(majors) were found",
            hint: "Install the package 'postgresql-\(sourceMajor)', or name its folder in LIFEBOAT_POSTGRES_BIN."
        )
    }

    private static func candidates(_ environment: [String: String]) -> [String] {
        if let named = environment["LIFEBOAT_POSTGRES_BIN"], !named.isEmpty { return [named] }
        let installed = ["/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin"].flatMap(expand)
        return installed + (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    }

    private static func expand(_ pattern: String) -> [String] {
        var matches = glob_t()
        defer { globfree(&matches) }
        guard glob(pattern, 0, nil, &matches) == 0 else { return [] }
        return (0..<Int(matches.gl_pathc)).compactMap { index in
            matches.gl_pathv[index].map { String(cString: $0) }
        }
    }

    /// The major that `postgres --version` names; nil when the folder has no complete set of programs.
    private static func version(of folder: String) -> Int? {
        guard access(folder + "/initdb", X_OK) == 0, access(folder + "/postgres", X_OK) == 0,
            let outcome = try? ChildProcess.run(ChildLaunch(folder + "/postgres", ["--version"])),
            let match = String(decoding: outcome.standardOutput, as: UTF8.self).firstMatch(of: /PostgreSQL\) (\d+)/)
        else { return nil }
        return Int(match.1)
    }
}
