extension String {
    /// The terminal columns that the text takes: two for the wide letters of East Asia and for emoji, none for marks
    /// that join the letter before them.
    package var displayWidth: Int {
        if utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return utf8.count }
        return reduce(0) { $0 + $1.displayWidth }
    }

    /// The text, or as much of its beginning as fits into `width` columns with an ellipsis.
    package func shortened(to width: Int) -> String {
        guard displayWidth > width else { return self }
        var result = ""
        var used = 1
        for character in self {
            used += character.displayWidth
            guard used <= width else { break }
            result.append(character)
        }
        return width > 0 ? result + "…" : ""
    }
}

extension Character {
    /// A cluster is as wide as its widest scalar: a family of emoji joined into one is drawn as one.
    var displayWidth: Int { unicodeScalars.reduce(0) { max($0, $1.displayWidth) } }
}

extension Unicode.Scalar {
    var displayWidth: Int {
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: break
        }
        return isWide ? 2 : 1
    }

    /// The blocks that Unicode's East Asian Width calls wide or fullwidth, in whole ranges.
    private var isWide: Bool {
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
            0x17000...0x18CFF, 0x1B000...0x1B2FF, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF,
            0x1FA70...0x1FAFF, 0x20000...0x3FFFD:
            true
        default: properties.isEmojiPresentation
        }
    }
}
