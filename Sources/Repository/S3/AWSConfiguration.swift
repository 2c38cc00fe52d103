import Diagnostics
import Streams

/// The files that AWS's own tools share: `~/.aws/credentials` and `~/.aws/config`.
struct AWSConfiguration: Sendable {
    let profile: String
    let isProfileNamed: Bool
    let credentialsPath: String?
    let configPath: String?
    private let credentials: [String: [String: String]]
    private let config: [String: [String: String]]

    private static let sizeLimit = 1 << 20

    /// Reads the files of `environment`; one that does not exist is empty, one that cannot be read is an error.
    init(environment: [String: String], profile: String?) throws {
        let named = profile ?? environment["AWS_PROFILE"].nonEmpty ?? environment["AWS_DEFAULT_PROFILE"].nonEmpty
        self.profile = named ?? "default"
        isProfileNamed = named != nil
        let home = environment["HOME"].nonEmpty
        func place(_ variable: String, _ usual: String) -> String? {
            let text = environment[variable].nonEmpty ?? home.map { $0 + usual }
            guard let text, text.hasPrefix("~/"), let home else { return text }
            return home + text.dropFirst()
        }
        credentialsPath = place("AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials")
        configPath = place("AWS_CONFIG_FILE", "/.aws/config")
        credentials = try Self.read(credentialsPath)
        config = try Self.read(configPath)
    }

    /// A setting of the profile; the credentials file goes before the other.
    subscript(key: String) -> String? {
        credentials[profile]?[key].nonEmpty ?? config[sectionOfConfig]?[key].nonEmpty
    }

    /// Whether either file knows the profile.
    var hasProfile: Bool { credentials[profile] != nil || config[sectionOfConfig] != nil }

    /// In `config`, every profile but the default one has the word in front.
    private var sectionOfConfig: String {
        profile == "default" && config["profile default"] == nil ? "default" : "profile \(profile)"
    }

    private static func read(_ path: String?) throws -> [String: [String: String]] {
        guard let path else { return [:] }
        do {
            let bytes = try FileSource(path: path).readAll(limit: sizeLimit)
            return sections(String(decoding: bytes, as: UTF8.self))
        } catch let error as Diagnostic where error.code == .objectMissing {
            return [:]
        } catch let error as Diagnostic {
            throw Diagnostic(
                .settingsInvalid,
                error.summary,
                cause: error.cause,
                hint: "Give this user the right to read it."
            )
        } catch is SourceTooLarge {
            throw Diagnostic(
                .settingsInvalid,
                "cannot read '\(path)'",
                cause: "it is larger than any AWS settings file"
            )
        }
    }

    /// Sections of `key = value` lines; lines that begin with a blank belong to nested settings and are passed over.
    static func sections(_ text: String) -> [String: [String: String]] {
        var result: [String: [String: String]] = [:]
        var section: String?
        for line in text.split(whereSeparator: \.isNewline) {
            guard let first = line.first, first != "#", first != ";", first != " ", first != "\t" else { continue }
            if first == "[", let end = line.firstIndex(of: "]") {
                let words = line[line.index(after: line.startIndex)..<end].split(whereSeparator: \.isWhitespace)
                let name = words.joined(separator: " ")
                section = name
                result[name] = result[name] ?? [:]
            } else if let section, let sign = line.firstIndex(of: "=") {
                let key = line[..<sign].split(whereSeparator: \.isWhitespace).joined().lowercased()
                var value = line[line.index(after: sign)...].drop(while: \.isWhitespace)
                if let comment = value.firstRange(of: /\s[#;]/) { value = value[..<comment.lowerBound] }
                while value.last?.isWhitespace == true { value.removeLast() }
                result[section]?[key] = String(value)
            }
        }
        return result
    }
}

extension String? {
    /// Nil for an empty text too: `export AWS_PROFILE=` means none.
    var nonEmpty: String? { self?.isEmpty == true ? nil : self }
}
