import Diagnostics

/// A colour or weight, used only where a person is looking.
package enum Ink: String, Sendable {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case cyan = "36"
    case boldRed = "1;31"
    case boldYellow = "1;33"
}

/// One line of output in pieces of one ink each.
///
/// The pieces hold what the words say; escape sequences exist only in what a console writes, after control characters
/// were taken out of the words. So no table name and no server message can reach the terminal as a command.
package struct StyledText: Sendable, Equatable, ExpressibleByStringInterpolation {
    package private(set) var pieces: [Piece]

    package struct Piece: Sendable, Equatable {
        package var text: String
        package var ink: Ink?
    }

    /// Creates a line in one ink.
    package init(_ text: String, _ ink: Ink? = nil) { pieces = [Piece(text: text, ink: ink)] }

    package init(stringLiteral text: String) { self.init(text) }

    /// The words of `a`, then those of `b`.
    package static func + (a: StyledText, b: StyledText) -> StyledText {
        var sum = a
        sum.pieces += b.pieces
        return sum
    }

    /// The words without ink, safe to write.
    package var plain: String { pieces.map(\.text.onOneLine).joined() }

    /// The words with escape sequences when `colour`, safe to write.
    func rendered(colour: Bool) -> String {
        guard colour else { return plain }
        return pieces.map { piece in
            let text = piece.text.onOneLine
            guard let ink = piece.ink, !text.isEmpty else { return text }
            return "\u{1B}[\(ink.rawValue)m\(text)\u{1B}[0m"
        }.joined()
    }
}
