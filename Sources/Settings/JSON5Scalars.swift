/// Strings and numbers of JSON5.
extension JSON5Parser {
    mutating func string() throws(SettingsProblem) -> String {
        let opened = cursor.position
        let quote = cursor.peek
        cursor.advance()
        var text = String.UnicodeScalarView()
        while let scalar = cursor.peek {
            if scalar == quote {
                cursor.advance()
                return String(text)
            }
            // JSON5 allows the two Unicode separators inside strings, for the sake of JSON.
            if scalar == "\n" || scalar == "\r" { break }
            if scalar == "\\" {
                cursor.advance()
                if let escaped = try escape() { text.append(escaped) }
            } else {
                text.append(scalar)
                cursor.advance()
            }
        }
        throw SettingsProblem(
            message: "the text is not closed on its line",
            hint: "close it with \(quote.map(String.init) ?? "a quote").",
            position: opened
        )
    }

    /// What follows a backslash; nil for a line that goes on.
    private mutating func escape() throws(SettingsProblem) -> Unicode.Scalar? {
        let position = cursor.position
        guard let scalar = cursor.peek else { return nil }
        cursor.advance()
        switch scalar {
        case "b": return "\u{8}"
        case "f": return "\u{C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "v": return "\u{B}"
        case "0" where cursor.peek.map({ !$0.isDigit }) ?? true: return "\0"
        case "0"..."9": throw SettingsProblem(message: "'\\\(scalar)' is no escape", position: position)
        case "x": return Unicode.Scalar(try hexadecimal(2, position))
        case "u": return try unicodeEscape(position)
        case "\r":
            if cursor.peek == "\n" { cursor.advance() }
            return nil
        case "\n", "\u{2028}", "\u{2029}": return nil
        default: return scalar
        }
    }

    /// `\uXXXX`, or two of them that make one letter beyond the basic plane.
    private mutating func unicodeEscape(_ position: SettingsPosition) throws(SettingsProblem) -> Unicode.Scalar {
        let first = try hexadecimal(4, position)
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, cursor.take("\\"), cursor.take("u") else { throw halfLetter(position) }
        let second = try hexadecimal(4, position)
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw halfLetter(position) }
        return scalar
    }

    private func halfLetter(_ position: SettingsPosition) -> SettingsProblem {
        SettingsProblem(message: "the escape is half of a surrogate pair", position: position)
    }

    private mutating func hexadecimal(_ count: Int, _ position: SettingsPosition) throws(SettingsProblem) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let digit = cursor.peek?.hexadecimalValue else {
                throw SettingsProblem(message: "the escape needs \(count) hexadecimal digits", position: position)
            }
            value = value << 4 | digit
            cursor.advance()
        }
        return value
    }

    mutating func number() throws(SettingsProblem) -> Double {
        let position = cursor.position
        var text = ""
        while let scalar = cursor.peek, scalar.isNumberPart {
            text.unicodeScalars.append(scalar)
            cursor.advance()
        }
        guard let number = Self.number(text), number.isFinite else {
            throw SettingsProblem(
                message: "'\(text)' is no number",
                hint: text.first?.isNumber == true ? "put texts in quotes: \"\(text)\"." : nil,
                position: position
            )
        }
        return number
    }

    private static func number(_ text: String) -> Double? {
        if text.wholeMatch(of: /[+-]?0[xX][0-9A-Fa-f]{1,13}/) != nil {
            let digits = text.drop { $0 != "x" && $0 != "X" }.dropFirst()
            return UInt64(digits, radix: 16).map { (text.hasPrefix("-") ? -1 : 1) * Double($0) }
        }
        guard text.wholeMatch(of: /[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/) != nil else {
            return nil
        }
        var plain = text.hasPrefix("+") ? String(text.dropFirst()) : text
        // The standard library wants digits on both sides of the point.
        plain = plain.replacing(/^(-?)\./) { "\($0.1)0." }
        return Double(plain.replacing(/\.(?=[eE]|$)/, with: ".0"))
    }
}

extension Unicode.Scalar {
    var isDigit: Bool { ("0"..."9").contains(self) }

    var hexadecimalValue: UInt32? {
        switch self {
        case "0"..."9": value - 0x30
        case "a"..."f": value - 0x61 + 10
        case "A"..."F": value - 0x41 + 10
        default: nil
        }
    }

    var isNumberStart: Bool { isDigit || self == "+" || self == "-" || self == "." }

    /// Letters too, so that `12h` is reported as a whole.
    var isNumberPart: Bool { isNumberStart || ("a"..."z").contains(self) || ("A"..."Z").contains(self) }

    var isLineEnd: Bool { self == "\n" || self == "\r" || value == 0x2028 || value == 0x2029 }

    var isBlank: Bool {
        switch value {
        case 0x09...0x0D, 0x20, 0xA0, 0xFEFF, 0x2028, 0x2029: true
        default: value > 0x7F && properties.generalCategory == .spaceSeparator
        }
    }

    var isIdentifierStart: Bool { self == "$" || self == "_" || properties.isAlphabetic }

    var isIdentifierPart: Bool {
        isIdentifierStart || isDigit || value == 0x200C || value == 0x200D
            || (value > 0x7F && properties.isIDContinue)
    }
}
