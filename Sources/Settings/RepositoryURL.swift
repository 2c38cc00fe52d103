/// Why a text is not the place of a repository; no part of it is quoted that could be a secret.
package struct RepositoryURLError: Error, Sendable, Equatable {
    package enum Reason: Sendable, Equatable {
        case malformed
        /// A password stands in it.
        case secret
    }

    package let reason: Reason
    /// What is wrong, to stand behind `cannot use … as a repository: `.
    package let message: String
    package let hint: String

    init(_ message: String, hint: String, reason: Reason = .malformed) {
        self.message = message
        self.hint = hint
        self.reason = reason
    }
}

extension S3Location {
    package static let form = "s3://bucket/prefix"

    /// Reads `s3://bucket/prefix`; endpoint, region and credentials have no place in it.
    package init(url text: String) throws(RepositoryURLError) {
        let hint = "write it as \(Self.form)."
        guard let rest = text.afterScheme("s3") else { throw RepositoryURLError("it is not an s3:// URL", hint: hint) }
        guard !rest.contains("@") else {
            throw RepositoryURLError(
                "it holds credentials",
                hint: "put them into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or into a profile.",
                reason: .secret
            )
        }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts[0].wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]/) != nil else {
            throw RepositoryURLError(
                parts[0].isEmpty ? "it names no bucket" : "the bucket has no valid name",
                hint: hint
            )
        }
        let folders = parts.dropFirst().last?.isEmpty == true ? parts.dropFirst().dropLast() : parts.dropFirst()
        guard folders.allSatisfy({ $0.wholeMatch(of: /[A-Za-z0-9!_.*'()%+=,-]+/) != nil && $0 != "." && $0 != ".." })
        else {
            throw RepositoryURLError(
                "the prefix has an empty part or a character that is unsafe in names of objects",
                hint: "use letters, digits and -_.!*'()+=, between single slashes."
            )
        }
        self.init(bucket: parts[0], prefix: folders.joined(separator: "/"))
    }
}

extension SFTPLocation {
    package static let form = "sftp://user@host:port/path"

    /// Reads `sftp://[user@]host[:port]/path`, where `/~/` begins a path in the user's home.
    package init(url text: String) throws(RepositoryURLError) {
        let hint = "write it as \(Self.form), or with /~/path for a folder in the user's home."
        func wrong(_ message: String) -> RepositoryURLError { RepositoryURLError(message, hint: hint) }
        guard let rest = text.afterScheme("sftp") else { throw wrong("it is not an sftp:// URL") }
        let authority = rest.prefix { $0 != "/" }
        var path = String(rest.dropFirst(authority.count))
        // A password may hold any character, so an at sign further on counts too.
        let login = rest.lastIndex(of: "@").map { rest[..<$0] }
        guard login?.contains(":") != true else {
            throw RepositoryURLError(
                "it holds a password",
                hint: "use a key: the agent's, or identityFile in the settings; or name a variable with passwordEnv.",
                reason: .secret
            )
        }
        guard
            let match = authority.wholeMatch(
                of:
                    /(?:(?<user>[^@:\[\]]+)@)?(?:\[(?<v6>[0-9A-Fa-f:.%]+)\]|(?<host>[A-Za-z0-9._-]+))(?::(?<port>[0-9]{1,5}))?/
            )
        else { throw wrong("it names no host") }
        let port = match.port.flatMap { Int($0) }
        guard port.map({ (1...65_535).contains($0) }) ?? true else { throw wrong("the port is not from 1 to 65535") }
        guard let decoded = path.removingEscapes, !decoded.utf8.contains(0) else {
            throw wrong("a % in the path begins no valid escape")
        }
        path = decoded.hasPrefix("/~/") ? String(decoded.dropFirst(3)) : decoded
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        guard !path.isEmpty, path != "/" else { throw wrong("it names no folder") }
        let user = match.user.map(String.init)
        guard user == nil || user?.removingEscapes != nil else { throw wrong("a % in the user begins no valid escape") }
        self.init(host: String(match.v6 ?? match.host ?? ""), port: port, user: user?.removingEscapes, path: path)
    }
}

extension String {
    /// What follows `scheme://`; nil for another scheme.
    fileprivate func afterScheme(_ scheme: String) -> String? {
        let start = "\(scheme)://"
        return lowercased().hasPrefix(start) ? String(dropFirst(start.count)) : nil
    }

    /// The text with every `%XX` as the byte that it stands for; nil where that is no valid text.
    fileprivate var removingEscapes: String? {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            if byte != UInt8(ascii: "%") {
                bytes.append(byte)
            } else if let high = rest.popFirst(), let low = rest.popFirst(),
                let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
            {
                bytes.append(value)
            } else {
                return nil
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
