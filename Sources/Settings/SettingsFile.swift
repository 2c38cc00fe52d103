package import Diagnostics
import Glibc

/// Finds and reads the settings files.
package enum SettingsFile {
    package static let name = "lifeboat.json"
    package static let retentionName = "retention.json"

    /// The file to use: `--config`, then `LIFEBOAT_CONFIG`, then the places of `searchedPaths`; nil when there is none.
    ///
    /// A file that was named is used whether it exists or not, so that a slip is reported and not passed over.
    package static func locate(named path: String?, environment: [String: String]) -> String? {
        if let path { return path }
        if let path = environment["LIFEBOAT_CONFIG"], !path.isEmpty { return path }
        return searchedPaths(environment: environment).first { access($0, F_OK) == 0 }
    }

    /// Where settings are looked for when none were named.
    package static func searchedPaths(environment: [String: String]) -> [String] {
        let user = ConfigurationFolder.path(environment: environment).map { "\($0)/\(name)" }
        return [name] + (user.map { [$0] } ?? []) + ["/etc/lifeboat/\(name)"]
    }

    /// The error of a command that cannot do without settings.
    package static func missing(environment: [String: String]) -> Diagnostic {
        Diagnostic(
            .settingsMissing,
            "there is no '\(name)'",
            cause: "looked for \(searchedPaths(environment: environment).joined(separator: ", "))",
            hint: "run 'lifeboat init' to write one, or name the file with --config."
        )
    }

    /// The bytes of a file; nil when it does not exist.
    static func read(_ path: String) throws(Diagnostic) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw unreadable(path)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while bytes.count <= JSON5Parser.byteLimit {
            var count = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, filled in
                count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                filled = max(0, count)
            }
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw unreadable(path) }
            if count == 0 { break }
            bytes += chunk
        }
        return bytes
    }

    private static func unreadable(_ path: String) -> Diagnostic {
        Diagnostic(
            .settingsMissing,
            "cannot read '\(path)'",
            cause: String(cString: strerror(errno)),
            hint: "check the file's permissions."
        )
    }

    /// The folder part of a path; the working folder is `.`.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

extension Settings {
    /// Reads and checks `lifeboat.json` and the `retention.json` beside it; throws all that is wrong with both.
    package static func load(_ path: String) throws(SettingsErrors) -> Settings {
        let folder = SettingsFile.folder(of: path)
        let policies = try RetentionPolicies.load(besides: folder)
        let bytes: [UInt8]?
        do { bytes = try SettingsFile.read(path) } catch { throw SettingsErrors([error]) }
        guard let bytes else {
            throw SettingsErrors([
                Diagnostic(.settingsMissing, "there is no file '\(path)'", hint: "run 'lifeboat init' to write one.")
            ])
        }
        return try parse(bytes, path: path, folder: folder, policies: policies)
    }

    /// Checks the bytes of a settings file; `path` is for messages, `folder` is where relative paths start.
    package static func parse(
        _ bytes: [UInt8],
        path: String,
        folder: String,
        policies: RetentionPolicies = .builtIn
    ) throws(SettingsErrors) -> Settings {
        let root: SettingsNode
        do { root = try JSON5Parser.parse(bytes) } catch { throw SettingsErrors([error], in: path) }
        let list = ProblemList()
        let reader = SettingsReader(path: path, folder: folder, policies: policies, list: list)
        guard let settings = reader.settings(root) else { throw SettingsErrors(list.problems, in: path) }
        return settings
    }
}
