import Diagnostics
import Terminal

/// A comparison as people read it: `-` for what only the first side has, `+` for what only the second has.
struct DiffText {
    private let answer: DiffAnswer

    init(_ answer: DiffAnswer) { self.answer = answer }

    /// The lines on an output of that width; nil where nothing needs to fit.
    func lines(width: Int?) -> [StyledText] {
        var lines = heading + answer.objects.flatMap(Self.lines)
        if !answer.objects.isEmpty { lines.append("") }
        lines.append(verdict)
        guard !answer.tables.isEmpty else { return lines }
        lines.append("")
        return lines + tableLines(width: width)
    }

    private var heading: [StyledText] {
        let sides = [("---", answer.first), ("+++", answer.second)].map { mark, side in
            StyledText(
                "\(mark) \(side.name.onOneLine) (PostgreSQL \(side.serverMajor), \(side.objects) objects)",
                .bold
            )
        }
        var remarks: [StyledText] = []
        if answer.first.serverMajor != answer.second.serverMajor {
            remarks.append(StyledText("the majors differ: some definitions may differ in their words only", .dim))
        }
        if let roles = answer.rolesLeftOut {
            let names = roles.map(\.onOneLine).joined(separator: ", ")
            remarks.append(StyledText("another cluster: roles that only it has are left out (\(names))", .dim))
        }
        return sides + remarks
    }

    private static func lines(_ change: DiffAnswer.ObjectChange) -> [StyledText] {
        let name = change.object.onOneLine
        switch change.change {
        case .removed: return [StyledText("- \(name)", .red)]
        case .added: return [StyledText("+ \(name)", .green)]
        case .changed:
            return [StyledText("~ \(name)", .yellow)]
                + (change.fields ?? []).flatMap { field in
                    [StyledText("    \(field.field)")]
                        + field.removed.map { StyledText("    - \($0.onOneLine)", .red) }
                        + field.added.map { StyledText("    + \($0.onOneLine)", .green) }
                }
        }
    }

    private var verdict: StyledText {
        if answer.isSame { return StyledText("the definitions are the same", .green) }
        let counts = [
            (DiffAnswer.ObjectChange.Change.removed, "only before"), (.added, "only after"), (.changed, "changed"),
        ]
        .map { change, words in "\(answer.objects.count { $0.change == change }) \(words)" }
        return StyledText("the definitions differ: " + counts.joined(separator: ", "), .boldRed)
    }

    private func tableLines(width: Int?) -> [StyledText] {
        var table = Table([.init("TABLE"), .init("ROWS BEFORE", .right), .init("ROWS AFTER", .right), .init("")])
        for change in answer.tables {
            let isAbout = change.rowsAreEstimated ? "estimated" : ""
            let isOther = change.contentDiffers == true && change.rowsBefore == change.rowsAfter ? "other rows" : ""
            table.add([
                StyledText(change.table.onOneLine), Self.count(change.rowsBefore), Self.count(change.rowsAfter),
                StyledText(isAbout + isOther, .dim),
            ])
        }
        return table.lines(width: width)
    }

    private static func count(_ rows: Int64?) -> StyledText { StyledText(rows.map { "\($0)" } ?? "-") }
}
