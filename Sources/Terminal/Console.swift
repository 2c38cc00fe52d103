import Diagnostics
import Glibc
import Synchronization

/// Where a command speaks: answers go to standard output, everything else to standard error.
///
/// The rules for all output live here. Standard output carries only what was asked for, so that it can be piped.
/// Every line loses its control characters before it is written. Colour is for people: off when the stream is no
/// terminal, when `NO_COLOR` is set to anything, or when `TERM` is `dumb`. Safe to use from any thread.
package final class Console: Sendable {
    private let output: TextStream
    private let errors: TextStream
    /// Whether talk is left out; warnings and errors are not talk.
    package let isQuiet: Bool
    /// Whether answers may be coloured, and talk.
    package let outputHasColour: Bool
    package let errorsHaveColour: Bool
    /// The progress line that stands on the terminal now; cleared around every other write.
    private let standing = Mutex("")

    /// Creates a console over the two standard streams, or others in tests.
    package init(
        output: TextStream = .standardOutput,
        errors: TextStream = .standardError,
        environment: [String: String],
        quiet: Bool = false
    ) {
        self.output = output
        self.errors = errors
        isQuiet = quiet
        let wanted = environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
        outputHasColour = wanted && output.isTerminal
        errorsHaveColour = wanted && errors.isTerminal
    }

    /// Whether a person reads the answers, and the talk.
    package var outputIsTerminal: Bool { output.isTerminal }
    package var errorsAreTerminal: Bool { errors.isTerminal }
    /// The columns for talk, 80 where there is no terminal.
    package var errorWidth: Int { errors.columns ?? 80 }
    /// The columns for answers, nil where nothing needs to fit.
    package var outputWidth: Int? { output.columns }
    /// Whether nobody reads the answers any more.
    package var outputIsBroken: Bool { output.isBroken }

    /// Writes an answer of one line.
    package func answer(_ line: StyledText) { answer(lines: [line]) }

    /// Writes an answer of several lines at once.
    package func answer(lines: [StyledText]) {
        let text = lines.map { $0.rendered(colour: outputHasColour) + "\n" }.joined()
        write(text, to: output)
    }

    /// Writes a text of many lines: a help page, a script, a sheet.
    package func answer(text: String) {
        write(text.linesSanitised, to: output)
    }

    /// Writes a JSON document, and a newline if it lacks one.
    ///
    /// Control characters inside its strings become escapes, so the document means the same to a program and does
    /// nothing to a terminal.
    package func answer(json: String) {
        let safe = json.jsonSanitised
        write(safe.hasSuffix("\n") ? safe : safe + "\n", to: output)
    }

    /// Says something beside the answer; not with `--quiet`.
    package func talk(_ line: StyledText) {
        guard !isQuiet else { return }
        write(line.rendered(colour: errorsHaveColour) + "\n", to: errors)
    }

    /// Says something on standard error even with `--quiet`.
    package func insist(_ line: StyledText) {
        write(line.rendered(colour: errorsHaveColour) + "\n", to: errors)
    }

    /// Writes one JSON event on standard error, even with `--quiet`: it was asked for.
    package func event(json: String) {
        write(json.jsonSanitised.replacing("\n", with: " ") + "\n", to: errors)
    }

    /// Writes while the progress line steps aside.
    private func write(_ text: String, to stream: TextStream) {
        standing.withLock { standing in
            // Both streams usually share one terminal; where they do not, clearing an empty line harms nothing.
            if !standing.isEmpty { errors.write("\r\u{1B}[K") }
            stream.write(text)
            if !standing.isEmpty { errors.write(standing) }
        }
    }

    /// Puts a line at the bottom of the terminal, or takes it away with an empty one; only for the progress line.
    func stand(_ line: StyledText?) {
        guard errors.isTerminal else { return }
        standing.withLock { standing in
            let text = line?.rendered(colour: errorsHaveColour) ?? ""
            guard text != standing else { return }
            errors.write("\r" + text + "\u{1B}[K")
            standing = text
        }
    }
}

extension String {
    /// Every line made safe, newlines kept.
    fileprivate var linesSanitised: String {
        split(separator: "\n", omittingEmptySubsequences: false).map { String($0).onOneLine }.joined(separator: "\n")
    }

    /// The document with control and direction marks as escapes, layout kept.
    ///
    /// JSON allows raw ones inside strings only, so the replacement never changes what the document says.
    fileprivate var jsonSanitised: String {
        var result = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            let isLayout = scalar == "\n" || scalar == "\t" || scalar == "\r"
            if !isLayout, scalar.properties.generalCategory == .control || scalar.turnsDirection {
                let digits = String(scalar.value, radix: 16)
                result.append(
                    contentsOf: "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".unicodeScalars
                )
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }
}
