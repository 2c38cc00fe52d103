package import Policy

/// The system's time zone database: the standard library has none that works in a static program.
package enum SystemTimeZones {
    static let folder = "/usr/share/zoneinfo"

    /// Reads a zone by its name; throws `TimeZoneError` when there is none of that name.
    package static func load(_ name: String) throws -> TimeZoneRules {
        try TimeZoneRules.load(name) { name in
            let path = "\(folder)/\(name)"
            guard let bytes = try? SettingsFile.read(path) else {
                throw TimeZoneError(
                    "there is no time zone '\(name)' in \(folder); write for example Europe/Lisbon or UTC"
                )
            }
            return bytes
        }
    }
}
