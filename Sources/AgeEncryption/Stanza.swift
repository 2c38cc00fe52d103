/// One wrapped copy of a file key, as it stands in an age header.
package struct Stanza: Sendable, Equatable {
    /// The type first, then what the type needs.
    package var arguments: [String]
    /// The decoded body.
    package var body: [UInt8]

    /// Creates a stanza; `arguments` are one or more printable ASCII words without spaces.
    package init(arguments: [String], body: [UInt8]) {
        self.arguments = arguments
        self.body = body
    }

    /// The first argument, which says which kind of identity can open the stanza.
    package var type: String { arguments.first ?? "" }

    /// The stanza's lines: the body in full lines of 64 columns and one shorter line, which may be empty.
    var encoded: [UInt8] {
        var text = Array("-> \(arguments.joined(separator: " "))\n".utf8)
        var digits = Base64.encode(body)[...]
        while digits.count >= Self.columns {
            text += digits.prefix(Self.columns) + [0x0A]
            digits = digits.dropFirst(Self.columns)
        }
        return text + digits + [0x0A]
    }

    /// The length of a full body line.
    static let columns = 64
}
