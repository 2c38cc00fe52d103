import Glibc

/// The folder for what belongs to a user of this machine: keys, and settings when there are none elsewhere.
package enum ConfigurationFolder {
    /// `$XDG_CONFIG_HOME/lifeboat`, else `~/.config/lifeboat`; nil when the user has no home.
    ///
    /// The home is `HOME`, else what the system's user database says: services often run without the variable.
    package static func path(environment: [String: String]) -> String? {
        if let base = environment["XDG_CONFIG_HOME"], base.hasPrefix("/") { return joined(base, "lifeboat") }
        let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? homeOfUser()
        return home.map { joined($0, ".config/lifeboat") }
    }

    private static func joined(_ base: String, _ rest: String) -> String {
        base.hasSuffix("/") ? base + rest : base + "/" + rest
    }

    private static func homeOfUser() -> String? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer in
            guard let start = buffer.baseAddress,
                getpwuid_r(getuid(), &entry, start, buffer.count, &found) == 0, found != nil,
                let home = entry.pw_dir
            else { return nil }
            let path = String(cString: home)
            return path.hasPrefix("/") ? path : nil
        }
    }
}
