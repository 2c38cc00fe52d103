extension String {
    /// The text on one line and in one direction, safe to show.
    ///
    /// Every run of control characters becomes one space, and the marks that turn the direction of writing go, so that a
    /// hostile object name or a server's message cannot forge a line of output, drive the terminal or read as something
    /// else than it says. Blanks in front stay: they are indentation.
    package var onOneLine: String {
        if utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return self }
        var result = UnicodeScalarView()
        var pendingSpace = false
        for scalar in unicodeScalars where !scalar.turnsDirection {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: pendingSpace = true
            default:
                if pendingSpace, !result.isEmpty { result.append(" ") }
                pendingSpace = false
                result.append(scalar)
            }
        }
        return String(result)
    }
}

extension Unicode.Scalar {
    /// Whether this is a bidirectional control, which can make a line read as something else than it says.
    package var turnsDirection: Bool {
        switch value {
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
