/// What a plan leaves out: a schema (`audit`), something in a schema (`public.tmp_*`) or `kind:name`; `*` stands for any
/// text, `?` for any character.
package struct TablePattern: Sendable, Hashable, CustomStringConvertible {
    package let text: String

    /// Creates a pattern.
    package init(_ text: String) { self.text = text }

    package var description: String { text }

    /// Whether the pattern covers this table (or, with another `kind`, this relation).
    package func matches(schema: String, table: String, kind: String = "table") -> Bool {
        let full = "\(schema).\(table)"
        if let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")),
            text[..<colon].allSatisfy({ $0.isLowercase || $0 == "-" })
        {
            let glob = String(text[text.utf8.index(after: colon)...])
            switch text[..<colon] {
            case "schema": return Self.matches(glob, schema)
            case kind[...]: return Self.matches(glob, table) || Self.matches(glob, full)
            default: return false
            }
        }
        guard let dot = text.utf8.firstIndex(of: UInt8(ascii: ".")) else { return Self.matches(text, schema) }
        return Self.matches(String(text[..<dot]), schema)
            && Self.matches(String(text[text.utf8.index(after: dot)...]), table)
    }

    private static func matches(_ pattern: String, _ name: String) -> Bool {
        matches(Array(pattern.unicodeScalars)[...], Array(name.unicodeScalars)[...])
    }

    /// The usual two-pointer walk: on a mismatch the last star takes one character more.
    private static func matches(_ pattern: ArraySlice<Unicode.Scalar>, _ name: ArraySlice<Unicode.Scalar>) -> Bool {
        var (pattern, name) = (pattern, name)
        var retry: (pattern: ArraySlice<Unicode.Scalar>, name: ArraySlice<Unicode.Scalar>)?
        while true {
            if pattern.first == "*" {
                pattern.removeFirst()
                retry = (pattern, name)
            } else if let scalar = name.first, let wanted = pattern.first, wanted == scalar || wanted == "?" {
                pattern.removeFirst()
                name.removeFirst()
            } else if name.isEmpty, pattern.isEmpty {
                return true
            } else {
                guard let last = retry, !last.name.isEmpty else { return false }
                retry = (last.pattern, last.name.dropFirst())
                (pattern, name) = (last.pattern, last.name.dropFirst())
            }
        }
    }
}
