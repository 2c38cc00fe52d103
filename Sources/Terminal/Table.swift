/// Rows under headings, aligned by what the terminal shows.
///
/// Identifiers are never shortened, so that they can be copied: only a column that says so gives way, and only on a
/// terminal too narrow for the row. Into a pipe goes the same text without colour and at full width.
package struct Table: Sendable {
    package enum Alignment: Sendable {
        case left
        case right
    }

    package struct Column: Sendable {
        package var title: String
        package var alignment: Alignment
        /// Whether its cells may end in an ellipsis when the terminal is narrow.
        package var mayShorten: Bool

        /// Creates a column; numbers are easier to compare on the right.
        package init(_ title: String, _ alignment: Alignment = .left, mayShorten: Bool = false) {
            self.title = title
            self.alignment = alignment
            self.mayShorten = mayShorten
        }
    }

    package let columns: [Column]
    package private(set) var rows: [[StyledText]] = []

    /// Creates a table without rows.
    package init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row; a missing cell is empty, and cells beyond the columns are left out.
    package mutating func add(_ cells: [StyledText]) {
        rows.append(columns.indices.map { $0 < cells.count ? cells[$0] : "" })
    }

    /// The lines, heading first; `width` is the terminal's columns, nil where nothing needs to fit.
    package func lines(width: Int? = nil) -> [StyledText] {
        let widths = fitted(naturalWidths, into: width)
        let heading = columns.map { StyledText($0.title, .bold) }
        return ([heading] + rows).map { line($0, widths) }
    }

    private var naturalWidths: [Int] {
        columns.indices.map { index in
            rows.reduce(columns[index].title.displayWidth) { max($0, $1[index].plain.displayWidth) }
        }
    }

    private func fitted(_ widths: [Int], into available: Int?) -> [Int] {
        guard let available else { return widths }
        var widths = widths
        var excess = widths.reduce(0, +) + Self.gap.count * (columns.count - 1) - available
        for index in columns.indices where columns[index].mayShorten && excess > 0 {
            let given = max(0, min(excess, widths[index] - max(8, columns[index].title.displayWidth)))
            widths[index] -= given
            excess -= given
        }
        return widths
    }

    private static let gap = "  "

    private func line(_ cells: [StyledText], _ widths: [Int]) -> StyledText {
        var line = StyledText("")
        for (index, cell) in cells.enumerated() {
            var cell = cell
            if cell.plain.displayWidth > widths[index] {
                cell = StyledText(cell.plain.shortened(to: widths[index]), cell.pieces.first?.ink)
            }
            let padding = String(repeating: " ", count: widths[index] - cell.plain.displayWidth)
            let isLast = index == cells.count - 1
            switch columns[index].alignment {
            case .left: line = line + cell + StyledText(isLast ? "" : padding)
            case .right: line = line + StyledText(padding) + cell
            }
            if !isLast { line = line + StyledText(Self.gap) }
        }
        return line.withoutTrailingBlanks
    }
}

extension StyledText {
    /// Without padding after the last word, so that piped lines carry none.
    fileprivate var withoutTrailingBlanks: StyledText {
        var pieces = pieces
        while let last = pieces.last, last.text.allSatisfy({ $0 == " " }) { pieces.removeLast() }
        return pieces.reduce(StyledText("")) { $0 + StyledText($1.text, $1.ink) }
    }
}
