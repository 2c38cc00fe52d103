/// A text that is compared by its bytes.
///
/// Swift calls composed and decomposed characters equal; PostgreSQL does not, so two tables may differ in nothing else.
/// Whatever keys a dictionary or a set by a database's names goes through this type.
package struct Spelling: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let text: String

    /// Wraps a text.
    package init(_ text: String) { self.text = text }

    package var description: String { text }

    package static func == (a: Spelling, b: Spelling) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

    package static func < (a: Spelling, b: Spelling) -> Bool { a.text.utf8.lexicographicallyPrecedes(b.text.utf8) }

    package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }
}
