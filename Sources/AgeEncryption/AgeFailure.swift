import Diagnostics

/// Why an age file could not be opened, by the part that is to blame.
enum AgeFailure: Error, Equatable {
    /// The header is not well formed, or a stanza breaks its kind's rules.
    case header(String)
    /// A file key was found, but the header is not the one it was made for.
    case headerMAC
    /// None of the identities opens any stanza.
    case noIdentityMatched
    /// The payload was truncated, extended or changed.
    case payload(String)

    /// What a person reads; `name` is the file or object.
    func diagnostic(of name: String?) -> Diagnostic {
        let summary = "cannot decrypt \(name.map { "'\($0)'" } ?? "age data")"
        switch self {
        case .header(let reason):
            return Diagnostic(.objectCorrupt, summary, cause: reason, context: ["part": "header"])
        case .headerMAC:
            let cause = "its header was changed after it was written"
            return Diagnostic(.objectCorrupt, summary, cause: cause, context: ["part": "header-mac"])
        case .noIdentityMatched:
            return Diagnostic(
                .keyWrong,
                summary,
                cause: "it is not encrypted to any of the given identities",
                hint: "Give the identity of one of its recipients."
            )
        case .payload(let reason):
            return Diagnostic(.objectCorrupt, summary, cause: reason, context: ["part": "payload"])
        }
    }
}

/// Runs `body` and turns an `AgeFailure` into what a person reads; everything else passes unchanged.
func reportingAgeFailures<Value>(of name: String?, _ body: () throws -> Value) throws -> Value {
    do {
        return try body()
    } catch let failure as AgeFailure {
        throw failure.diagnostic(of: name)
    }
}
