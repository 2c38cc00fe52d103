import Diagnostics
package import Policy

/// Retention policies by name: the built-in ones, and those of a `retention.json`, which win.
package struct RetentionPolicies: Sendable {
    private var policies: [String: RetentionPolicy]

    /// Only those that come with the program; the `retention.json` that is shipped says the same, with comments.
    package static let builtIn = RetentionPolicies(policies: [
        "nightly-30d": RetentionPolicy(keep: .init(daily: 30), minimumPoints: 7),
        "daily-7d": RetentionPolicy(keep: .init(daily: 7), minimumPoints: 3),
        "daily-30d-weekly": RetentionPolicy(keep: .init(daily: 30, weekly: 13), minimumPoints: 7),
        "gfs": RetentionPolicy(keep: .init(daily: 7, weekly: 5, monthly: 12, yearly: 7), minimumPoints: 7),
        "hourly-48h": RetentionPolicy(
            keep: .init(hourly: 48, daily: 30, within: .seconds(48 * 3600)),
            minimumPoints: 24
        ),
    ])

    /// The policy of this name.
    package subscript(name: String) -> RetentionPolicy? { policies[name] }

    /// All names, sorted.
    package var names: [String] { policies.keys.sorted() }

    /// Reads the `retention.json` of a folder, if there is one, on top of the built-in policies.
    package static func load(besides folder: String) throws(SettingsErrors) -> RetentionPolicies {
        let path = folder == "." ? SettingsFile.retentionName : SettingsFile.retentionName.resolved(against: folder)
        let bytes: [UInt8]?
        do { bytes = try SettingsFile.read(path) } catch { throw SettingsErrors([error]) }
        return try bytes.map { (bytes) throws(SettingsErrors) in try parse(bytes, path: path) } ?? builtIn
    }

    /// Checks the bytes of a retention file; `path` is for messages.
    package static func parse(_ bytes: [UInt8], path: String) throws(SettingsErrors) -> RetentionPolicies {
        let root: SettingsNode
        do { root = try JSON5Parser.parse(bytes) } catch { throw SettingsErrors([error], in: path) }
        let list = ProblemList()
        var result = builtIn
        for member in namedMembers(root, path, list) {
            result.policies[member.key] = RetentionReader(list: list).policy(member.value)
        }
        guard list.problems.isEmpty else { throw SettingsErrors(list.problems, in: path) }
        return result
    }
}
