/// Reads JSON5 into a tree in which every value and every key knows its line and column.
///
/// Written by hand because the toolchain's decoder reads JSON5 but gives no positions: with it, an error could name
/// neither line nor column, and only the first mistake of a file. Takes all of JSON5 except `Infinity` and `NaN`, which
/// no setting means, and escapes in unquoted keys. Input is bounded: 10 MB, 64 levels.
package struct JSON5Parser {
    package static let byteLimit = 10_000_000
    package static let depthLimit = 64

    var cursor: SettingsCursor
    private var depth = 0

    private init(cursor: SettingsCursor) { self.cursor = cursor }

    /// Reads a whole document, or throws its first mistake.
    package static func parse(_ bytes: [UInt8]) throws(SettingsProblem) -> SettingsNode {
        var parser = JSON5Parser(cursor: try SettingsCursor(bytes))
        try parser.skipBlanks()
        guard parser.cursor.peek != nil else {
            throw parser.cursor.problem("the file is empty", hint: "run 'lifeboat init' to write one.")
        }
        let node = try parser.value()
        try parser.skipBlanks()
        guard parser.cursor.peek == nil else {
            throw parser.cursor.problem("\(parser.cursor.found) after the end of the document")
        }
        return node
    }

    private mutating func value() throws(SettingsProblem) -> SettingsNode {
        let position = cursor.position
        switch cursor.peek {
        case "{":
            return SettingsNode(
                value: .object(try nested { (p) throws(SettingsProblem) in try p.members() }),
                position: position
            )
        case "[":
            return SettingsNode(
                value: .array(try nested { (p) throws(SettingsProblem) in try p.elements() }),
                position: position
            )
        case "\"", "'": return SettingsNode(value: .string(try string()), position: position)
        case .some(let scalar) where scalar.isNumberStart:
            return SettingsNode(value: .number(try number()), position: position)
        case .some(let scalar) where scalar.isIdentifierStart:
            return SettingsNode(value: try word(at: position), position: position)
        default: throw cursor.problem("expected a value, found \(cursor.found)")
        }
    }

    /// Reads what brackets enclose, one level deeper: the parser calls itself, and a hostile file must not use up the
    /// stack.
    private mutating func nested<Inside>(
        _ inside: (inout JSON5Parser) throws(SettingsProblem) -> Inside
    ) throws(SettingsProblem) -> Inside {
        guard depth < Self.depthLimit else {
            throw cursor.problem("more than \(Self.depthLimit) levels of nesting")
        }
        depth += 1
        defer { depth -= 1 }
        return try inside(&self)
    }

    private mutating func members() throws(SettingsProblem) -> [SettingsNode.Member] {
        let opened = cursor.position
        cursor.advance()
        var members: [SettingsNode.Member] = []
        while true {
            try skipBlanks()
            if cursor.take("}") { return members }
            let position = cursor.position
            let key = try key(opened)
            try skipBlanks()
            guard cursor.take(":") else { throw cursor.problem("expected ':' after '\(key)', found \(cursor.found)") }
            try skipBlanks()
            members.append(SettingsNode.Member(key: key, keyPosition: position, value: try value()))
            try skipBlanks()
            if cursor.take(",") { continue }
            if cursor.take("}") { return members }
            throw missing("',' or '}'", opened, "object")
        }
    }

    private mutating func elements() throws(SettingsProblem) -> [SettingsNode] {
        let opened = cursor.position
        cursor.advance()
        var elements: [SettingsNode] = []
        while true {
            try skipBlanks()
            if cursor.take("]") { return elements }
            elements.append(try value())
            try skipBlanks()
            if cursor.take(",") { continue }
            if cursor.take("]") { return elements }
            throw missing("',' or ']'", opened, "list")
        }
    }

    private func missing(_ what: String, _ opened: SettingsPosition, _ kind: String) -> SettingsProblem {
        cursor.problem("expected \(what), found \(cursor.found)", hint: "the \(kind) begins at \(opened).")
    }

    private mutating func key(_ opened: SettingsPosition) throws(SettingsProblem) -> String {
        switch cursor.peek {
        case "\"", "'": return try string()
        case .some(let scalar) where scalar.isIdentifierStart: return identifier()
        case nil: throw missing("a key or '}'", opened, "object")
        default: throw cursor.problem("expected a key, found \(cursor.found)", hint: "put the key in quotes.")
        }
    }

    private mutating func identifier() -> String {
        var name = String.UnicodeScalarView()
        while let scalar = cursor.peek, scalar.isIdentifierPart {
            name.append(scalar)
            cursor.advance()
        }
        return String(name)
    }

    private mutating func word(at position: SettingsPosition) throws(SettingsProblem) -> SettingsNode.Value {
        let word = identifier()
        switch word {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "null": return .null
        case "Infinity", "NaN": throw SettingsProblem(message: "'\(word)' is no value here", position: position)
        default:
            throw SettingsProblem(
                message: "'\(word)' is no value",
                hint: "put texts in quotes: \"\(word)\".",
                position: position
            )
        }
    }

    /// Skips white space and both kinds of comments.
    private mutating func skipBlanks() throws(SettingsProblem) {
        while let scalar = cursor.peek {
            if scalar.isBlank {
                cursor.advance()
            } else if scalar == "/", cursor.peekNext == "/" {
                while let next = cursor.peek, !next.isLineEnd { cursor.advance() }
            } else if scalar == "/", cursor.peekNext == "*" {
                try skipBlockComment()
            } else {
                return
            }
        }
    }

    private mutating func skipBlockComment() throws(SettingsProblem) {
        let opened = cursor.position
        cursor.advance()
        cursor.advance()
        while cursor.peek != nil {
            if cursor.peek == "*", cursor.peekNext == "/" {
                cursor.advance()
                cursor.advance()
                return
            }
            cursor.advance()
        }
        throw SettingsProblem(message: "the comment is never closed", hint: "close it with '*/'.", position: opened)
    }
}
