/// The text with credentials masked: passwords in URLs, `password=` in connection strings, age secret keys.
///
/// Everything quoted from a library, a server or the user's own input passes here before it is shown or logged.
package func redacted(_ text: String) -> String {
    maskSecretKeys(maskAssignments(maskURLPasswords(text)))
}

private let mask = "***"

/// Masks `scheme://user:PASSWORD@host`; the password runs to the last `@` before a space, slash or quote.
private func maskURLPasswords(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    while let marker = rest.firstRange(of: "://") {
        result += rest[..<marker.upperBound]
        rest = rest[marker.upperBound...]
        let end =
            rest.firstIndex { $0 == "/" || $0 == "?" || $0.isWhitespace || $0 == "\"" || $0 == "'" } ?? rest.endIndex
        let authority = rest[..<end]
        if let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") {
            result += authority[...colon] + mask + authority[at...]
        } else {
            result += authority
        }
        rest = rest[end...]
    }
    return result + rest
}

/// Masks the value after `password=` (or `sslpassword=`, `passphrase=`), quoted or not.
private func maskAssignments(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    while let match = rest.firstMatch(of: /(?i)(password|passphrase|secret)\s*=\s*('(?:[^'\\]|\\.)*'|[^\s&'"]+)/) {
        result += rest[..<match.range.lowerBound] + match.1 + "=" + mask
        rest = rest[match.range.upperBound...]
    }
    return result + rest
}

private func maskSecretKeys(_ text: String) -> String {
    text.replacing(/AGE-SECRET-KEY-1[0-9A-Za-z]+/, with: "AGE-SECRET-KEY-" + mask)
}
