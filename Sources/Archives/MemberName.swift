import Diagnostics

/// The name of a member inside an archive, from a fixed grammar that a person can read.
///
///     data/<schema>/<table>/<range>-<part>.copy.zst
///     large-objects/<range>-<part>.copy.zst
///
/// Schema and table are percent-encoded: RFC 3986's unreserved characters except the full stop stay, every other UTF-8
/// byte becomes `%XX`. So no component is `.` or `..`, and none is longer than 189 bytes, which every file system takes:
/// `tar x` alone unpacks an archive. `range` is the first block of the range (the
/// first OID for large objects) in at least eight digits, `part` the member's index within it in at least four. Each
/// name has exactly one spelling, so equal members have equal texts and the other way round.
package struct MemberName: Hashable, Sendable {
    /// What the member holds.
    package enum Content: Sendable {
        case rows(schema: String, table: String)
        case largeObjects
    }

    /// The longest identifier a server gives out (`NAMEDATALEN` - 1).
    package static let identifierLimit = 63

    package let content: Content
    /// The first block number of the range, or the first OID.
    package let range: UInt32
    package let part: UInt32
    /// The name as it stands in the archive: ASCII, relative, without empty or dotted components.
    package let text: String

    /// Names a member; throws for an identifier that is empty, longer than a server allows, or holds a NUL.
    package init(_ content: Content, range: UInt32, part: UInt32) throws {
        if case .rows(let schema, let table) = content {
            for identifier in [schema, table] where !Self.isIdentifier(identifier) {
                throw Diagnostic(
                    .unsupportedObject,
                    "cannot name an archive member for table '\(schema).\(table)'",
                    cause: "identifiers have 1 to \(Self.identifierLimit) bytes and no NUL"
                )
            }
        }
        self.init(unchecked: content, range, part)
    }

    /// Parses a name from an archive; `nil` for everything that the first initializer would not have written.
    package init?(parsing text: String) {
        let components = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let content = Self.parseContent(components.dropLast()), let last = components.last,
            let (range, part) = Self.parseFile(last)
        else { return nil }
        self.init(unchecked: content, range, part)
        // Only the canonical spelling is a name: upper-case hex, no needless escapes, no further leading zeros.
        guard self.text.utf8.elementsEqual(text.utf8) else { return nil }
    }

    private init(unchecked content: Content, _ range: UInt32, _ part: UInt32) {
        self.content = content
        self.range = range
        self.part = part
        let folder =
            switch content {
            case .rows(let schema, let table):
                "data/" + PercentEncoding.encode(schema) + "/" + PercentEncoding.encode(table)
            case .largeObjects: "large-objects"
            }
        text = "\(folder)/\(Self.digits(range, atLeast: 8))-\(Self.digits(part, atLeast: 4)).copy.zst"
    }

    /// Compared by spelling: Swift calls composed and decomposed characters equal, PostgreSQL does not.
    package static func == (one: MemberName, other: MemberName) -> Bool { one.text == other.text }

    package func hash(into hasher: inout Hasher) { hasher.combine(text) }

    private static func isIdentifier(_ text: String) -> Bool {
        (1...identifierLimit).contains(text.utf8.count) && !text.utf8.contains(0)
    }

    private static func parseContent(_ folders: ArraySlice<Substring>) -> Content? {
        let folders = Array(folders)
        if folders == ["large-objects"] { return .largeObjects }
        guard folders.count == 3, folders[0] == "data", let schema = PercentEncoding.decode(folders[1]),
            let table = PercentEncoding.decode(folders[2]), isIdentifier(schema), isIdentifier(table)
        else { return nil }
        return .rows(schema: schema, table: table)
    }

    private static func parseFile(_ file: Substring) -> (range: UInt32, part: UInt32)? {
        let suffix = ".copy.zst"
        guard file.hasSuffix(suffix) else { return nil }
        let numbers = file.dropLast(suffix.count).split(separator: "-", omittingEmptySubsequences: false)
        guard numbers.count == 2, let range = UInt32(numbers[0]), let part = UInt32(numbers[1]) else { return nil }
        return (range, part)
    }

    private static func digits(_ number: UInt32, atLeast width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
