/// Which tables a plan leaves out: `schema.table`, where `*` stands for any text.
package struct TablePattern: Sendable, Hashable, CustomStringConvertible {
    package let text: String

    /// Creates a pattern.
    package init(_ text: String) { self.text = text }

    package var description: String { text }

    /// Whether the pattern covers this table.
    package func matches(schema: String, table: String) -> Bool {
        Self.matches(Array(text.utf8)[...], Array("\(schema).\(table)".utf8)[...])
    }

    /// The usual two-pointer walk: on a mismatch the last star takes one byte more.
    private static func matches(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
        var (pattern, name) = (pattern, name)
        var retry: (pattern: ArraySlice<UInt8>, name: ArraySlice<UInt8>)?
        while true {
            if pattern.first == UInt8(ascii: "*") {
                pattern.removeFirst()
                retry = (pattern, name)
            } else if let byte = name.first, pattern.first == byte {
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
