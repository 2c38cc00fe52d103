/// A place in a decoded file that knows its line and column.
struct SettingsCursor {
    private let scalars: [Unicode.Scalar]
    private var index = 0
    private(set) var position = SettingsPosition(line: 1, column: 1)

    /// Decodes the file: 10 MB of UTF-8 at most, with or without a byte order mark.
    init(_ bytes: [UInt8]) throws(SettingsProblem) {
        guard bytes.count <= JSON5Parser.byteLimit else {
            throw SettingsProblem(message: "the file is larger than 10 MB", position: position)
        }
        var decoder = UTF8()
        var rest = bytes.makeIterator()
        var decoded: [Unicode.Scalar] = []
        decoded.reserveCapacity(bytes.count)
        decoding: while true {
            switch decoder.decode(&rest) {
            case .scalarValue(let scalar): decoded.append(scalar)
            case .emptyInput: break decoding
            case .error:
                scalars = decoded
                while index < scalars.count { advance() }
                throw problem("the file is not UTF-8 text")
            }
        }
        scalars = decoded.first == "\u{FEFF}" ? Array(decoded.dropFirst()) : decoded
    }

    var peek: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }
    var peekNext: Unicode.Scalar? { index + 1 < scalars.count ? scalars[index + 1] : nil }

    mutating func advance() {
        guard let scalar = peek else { return }
        index += 1
        // A carriage return before a line feed ends no line of its own.
        if scalar.isLineEnd, !(scalar == "\r" && peek == "\n") {
            position = SettingsPosition(line: position.line + 1, column: 1)
        } else {
            position.column += 1
        }
    }

    /// Steps over `scalar` if it comes next.
    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        advance()
        return true
    }

    /// What comes next, for messages.
    var found: String {
        switch peek {
        case nil: "the end of the file"
        case .some(let scalar) where scalar.isLineEnd: "the end of the line"
        case .some(let scalar): "'\(scalar)'"
        }
    }

    func problem(_ message: String, hint: String? = nil) -> SettingsProblem {
        SettingsProblem(message: message, hint: hint, position: position)
    }
}
