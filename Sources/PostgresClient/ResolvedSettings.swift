import CPQ
import Diagnostics
import Glibc

/// What libpq makes of connection keywords together with environment, service file and its own defaults.
struct ResolvedSettings: Sendable, Equatable {
    let host: String
    let port: String
    let user: String
    let database: String
    let isLocal: Bool
    /// Keywords that somebody gave a value, in the text or outside of it.
    private let said: Set<String>

    /// Asks libpq without connecting.
    ///
    /// libpq has no function for this, but it resolves everything before it looks at `target_session_attrs`, and stops
    /// there when the value makes no sense: the connection object then knows all the answers and has touched no network.
    init(_ keywords: [String: String]) throws {
        var probe = keywords
        probe["target_session_attrs"] = Self.impossibleTarget
        // It would first be asked to make sense of a bad value of another keyword, which is an error to report.
        let pairs = probe.sorted { $0.key < $1.key }.map { (keyword: $0.key, value: $0.value) }
        let raw = withKeywordArrays(pairs) { PQconnectStartParams($0, $1, 0) }
        guard let raw else { throw Diagnostic(.resourceExhausted, "cannot read the database address: out of memory") }
        defer { PQfinish(raw) }
        let message = tidied(String(cString: PQerrorMessage(raw)))
        guard message.contains(Self.impossibleTarget) else {
            throw Diagnostic(
                .settingsInvalid,
                "cannot use the database address",
                cause: redacted(message),
                hint: "Correct it, the PG* variables or the service file that it relies on."
            )
        }
        let values = Self.options(PQconninfo(raw))
        let defaults = Self.compiledDefaults(PQconndefaults())
        host = PQhost(raw).map { String(cString: $0) } ?? ""
        port = PQport(raw).map { String(cString: $0) } ?? ""
        user = PQuser(raw).map { String(cString: $0) } ?? ""
        database = PQdb(raw).map { String(cString: $0) } ?? ""
        isLocal = Self.areLocal(hosts: values["host"] ?? "", addresses: values["hostaddr"] ?? "")
        said = Set(
            values.keys.filter { keyword in
                keywords[keyword] != nil || defaults[keyword]?.isInEnvironment == true
                    || values[keyword] != defaults[keyword]?.value
            }
        )
    }

    /// Whether somebody other than libpq's compiled defaults gave this keyword a value.
    func isSaid(_ keyword: String) -> Bool { said.contains(keyword) }

    private static let impossibleTarget = "resolve-without-connecting"

    private struct Default {
        var value: String?
        var isInEnvironment: Bool
    }

    /// The keywords with a value; frees `list`.
    private static func options(_ list: UnsafeMutablePointer<PQconninfoOption>?) -> [String: String] {
        defer { PQconninfoFree(list) }
        var values: [String: String] = [:]
        forEachOption(list) { keyword, option in
            if let value = option.val { values[keyword] = String(cString: value) }
        }
        return values
    }

    private static func compiledDefaults(_ list: UnsafeMutablePointer<PQconninfoOption>?) -> [String: Default] {
        defer { PQconninfoFree(list) }
        var defaults: [String: Default] = [:]
        forEachOption(list) { keyword, option in
            let variable = option.envvar.map { getenv($0) != nil } ?? false
            defaults[keyword] = Default(
                value: option.compiled.map { String(cString: $0) },
                isInEnvironment: variable
            )
        }
        return defaults
    }

    private static func areLocal(hosts: String, addresses: String) -> Bool {
        // `hostaddr` is where libpq really connects to; `host` is then only a name to check.
        let places = addresses.isEmpty ? hosts : addresses
        return places.split(separator: ",").allSatisfy { place in
            place.hasPrefix("/") || place.hasPrefix("@") || place == "localhost" || place == "::1"
                || isLoopbackAddress(place)
        }
    }

    /// A literal `127.…` address; a name that merely begins like one (`127.example.org`) is somewhere else.
    private static func isLoopbackAddress(_ text: Substring) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, String(text), &address) == 1 && UInt32(bigEndian: address.s_addr) >> 24 == 127
    }
}

/// Calls `body` for each entry of libpq's option list.
private func forEachOption(
    _ list: UnsafeMutablePointer<PQconninfoOption>?,
    _ body: (String, PQconninfoOption) -> Void
) {
    var option = list
    while let current = option, let keyword = current.pointee.keyword {
        body(String(cString: keyword), current.pointee)
        option = current.successor()
    }
}

/// The keywords that a URL or a `keyword=value` text states itself.
///
/// Throws `Diagnostic`.
func parseConnectionText(_ text: String) throws -> [String: String] {
    guard !text.utf8.contains(0) else {
        throw Diagnostic(.settingsInvalid, "the database address contains a zero character")
    }
    var message: UnsafeMutablePointer<CChar>?
    guard let list = PQconninfoParse(text, &message) else {
        defer { PQfreemem(message) }
        throw Diagnostic(
            .settingsInvalid,
            "cannot read the database address",
            cause: message.map { redacted(tidied(String(cString: $0))) },
            hint: "Write postgres://user@host/database, service=NAME or 'host=… dbname=…'."
        )
    }
    defer { PQconninfoFree(list) }
    var keywords: [String: String] = [:]
    forEachOption(list) { keyword, option in
        if let value = option.val { keywords[keyword] = String(cString: value) }
    }
    return keywords
}
