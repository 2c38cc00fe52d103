/// Lines of a bounded width: headings with what was promised, facts with their labels.
struct TextLayout {
    /// Where the second column begins.
    private static let labelWidth = 19
    private static let narrowest = 50

    let width: Int
    private(set) var lines: [String] = []

    init(width: Int) { self.width = max(Self.narrowest, width) }

    /// Starts a section: its name, the promise, and at the right edge whether it holds.
    mutating func section(_ title: String, _ promise: String, _ compliance: Compliance?) {
        lines.append("")
        let left = title.padded(to: Self.labelWidth) + promise
        let right = compliance.map(\.word) ?? ""
        if left.count + right.count >= width {
            // Too long for one line: the promise stands below.
            lines.append(title.padded(to: width - right.count) + right)
            return fact("", promise)
        }
        let line = left.padded(to: width - right.count) + right
        lines.append(right.isEmpty ? left : line)
    }

    /// A labelled fact, wrapped under its own beginning.
    mutating func fact(_ label: String, _ value: String) {
        let wrapped = wrap(printable(value), width - Self.labelWidth)
        for (index, part) in wrapped.enumerated() {
            let head = index == 0 ? "  " + label : ""
            lines.append(head.padded(to: Self.labelWidth) + part)
        }
    }

    /// A labelled fact that may be missing.
    mutating func fact(_ label: String, _ value: String?) {
        if let value { fact(label, value) }
    }

    /// Several entries under one label.
    mutating func list(_ label: String, _ values: [String]) {
        for (index, value) in values.enumerated() { fact(index == 0 ? label : "", value) }
    }

    /// Plain text, wrapped.
    mutating func paragraph(_ text: String) { lines += wrap(printable(text), width) }

    /// Lines that already fit.
    mutating func add(_ made: [String]) { lines += made }

    mutating func blank() { lines.append("") }
}

extension Compliance {
    /// What stands at the right edge; only a miss is loud.
    fileprivate var word: String {
        switch outcome {
        case .met: "met"
        case .missed: "MISSED"
        case .unknown: "unknown"
        case .noTarget: ""
        }
    }
}

extension String {
    /// The text with blanks behind it up to `width`, and at least one.
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }

    /// The text with blanks before it up to `width`.
    func rightAligned(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}

/// The words of a text; a unit stays with its number.
private func wordsWithUnits(_ text: String) -> [String] {
    let units: Set<Substring> = ["%", "ms", "s", "min", "h", "days", "B", "kB", "MB", "GB", "TB"]
    var words: [String] = []
    for word in text.split(separator: " ") {
        let bare = word.prefix { !",;:".contains($0) }
        if let last = words.last, last.last?.isNumber == true, units.contains(bare) {
            words[words.count - 1] = last + " " + word
        } else {
            words.append(String(word))
        }
    }
    return words
}

/// Breaks `text` between words into lines of at most `width`; a longer word is cut.
private func wrap(_ text: String, _ width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in wordsWithUnits(text) {
        var rest = word[...]
        if !line.isEmpty, line.count + 1 + rest.count > width {
            lines.append(line)
            line = ""
        }
        while rest.count > width {
            lines.append(String(rest.prefix(width)))
            rest = rest.dropFirst(width)
        }
        line += (line.isEmpty ? "" : " ") + rest
    }
    if !line.isEmpty || lines.isEmpty { lines.append(line) }
    return lines
}

/// The text without anything that moves a terminal's cursor or reorders what stands there.
///
/// Names and messages come from databases; they are quoted, never obeyed.
func printable(_ text: String) -> String {
    var shown = ""
    for scalar in text.unicodeScalars {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator:
            shown += scalar.properties.isWhitespace ? " " : "\u{FFFD}"
        case .format, .surrogate: shown += "\u{FFFD}"
        default: shown.unicodeScalars.append(scalar)
        }
    }
    return shown
}
