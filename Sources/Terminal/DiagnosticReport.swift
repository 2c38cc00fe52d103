package import Diagnostics

/// How answers and errors are written.
package enum OutputFormat: String, Sendable, CaseIterable {
    case text
    case json
}

extension Console {
    /// Shows an error on standard error: three lines for people, or one JSON object.
    ///
    /// With `verbose` the diagnostic's context follows, one `name: value` per line.
    package func report(_ diagnostic: Diagnostic, as format: OutputFormat = .text, verbose: Bool = false) {
        say(diagnostic, "error", .boldRed, format, verbose)
    }

    /// Shows something that did not stop the work; the same shape under another label.
    package func warn(_ diagnostic: Diagnostic, as format: OutputFormat = .text, verbose: Bool = false) {
        say(diagnostic, "warning", .boldYellow, format, verbose)
    }

    private func say(
        _ diagnostic: Diagnostic,
        _ label: String,
        _ ink: Ink,
        _ format: OutputFormat,
        _ verbose: Bool
    ) {
        switch format {
        case .json: event(json: diagnostic.json(kind: label))
        case .text:
            for line in diagnostic.styled(label: label, ink: ink, verbose: verbose) { insist(line) }
        }
    }
}

extension Diagnostic {
    /// The lines of `lines(label:)` with inked labels.
    package func styled(label: String, ink: Ink, verbose: Bool) -> [StyledText] {
        var lines = [StyledText("\(label):", ink) + StyledText(" " + summary)]
        if let cause { lines.append(StyledText("cause:", .bold) + StyledText(" " + cause)) }
        if let hint = shownHint(as: label) { lines.append(StyledText("hint:", .cyan) + StyledText(" " + hint)) }
        if verbose {
            for (name, value) in context.sorted(by: { $0.key < $1.key }) {
                lines.append(StyledText("  \(name): \(value)", .dim))
            }
        }
        return lines
    }

    /// One JSON object on one line.
    ///
    /// `{"schema":1,"kind":"error","code":…,"summary":…,"cause":…,"hint":…,"context":…,"exit":14}`: members without a
    /// value are left out, and a warning has no `exit`.
    package func json(kind: String = "error") -> String {
        var members = [
            "\"schema\":1", "\"kind\":\(kind.jsonQuoted)", "\"code\":\(code.rawValue.jsonQuoted)",
            "\"summary\":\(summary.jsonQuoted)",
        ]
        if let cause { members.append("\"cause\":\(cause.jsonQuoted)") }
        if let hint = shownHint(as: kind) { members.append("\"hint\":\(hint.jsonQuoted)") }
        if !context.isEmpty {
            let pairs = context.sorted { $0.key < $1.key }.map { "\($0.key.jsonQuoted):\($0.value.jsonQuoted)" }
            members.append("\"context\":{\(pairs.joined(separator: ","))}")
        }
        if kind == "error" { members.append("\"exit\":\(code.exitStatus.rawValue)") }
        return "{\(members.joined(separator: ","))}"
    }
}

extension String {
    /// The text as a JSON string.
    var jsonQuoted: String {
        var result = "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
