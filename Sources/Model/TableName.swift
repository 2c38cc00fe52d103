/// A table's full name as it is in the catalogs, not as SQL writes it; compared by its bytes.
package struct TableName: Sendable, Hashable, Comparable, CustomStringConvertible {
    private let schemaSpelling: Spelling
    private let nameSpelling: Spelling

    package var schema: String { schemaSpelling.text }
    package var name: String { nameSpelling.text }

    /// Creates a name.
    package init(schema: String, name: String) {
        schemaSpelling = Spelling(schema)
        nameSpelling = Spelling(name)
    }

    /// Reads `schema.table`; a name without a dot is taken to lie in `public`.
    package init(_ text: String) {
        if let dot = text.utf8.firstIndex(of: UInt8(ascii: ".")) {
            self.init(schema: String(text[..<dot]), name: String(text[text.utf8.index(after: dot)...]))
        } else {
            self.init(schema: "public", name: text)
        }
    }

    package var description: String { "\(schema).\(name)" }

    package static func < (a: TableName, b: TableName) -> Bool {
        (a.schemaSpelling, a.nameSpelling) < (b.schemaSpelling, b.nameSpelling)
    }
}
