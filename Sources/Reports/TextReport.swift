import Model

/// A report as people read it: what was promised, what was measured, whether it holds.
package struct TextReport: Sendable {
    package let report: ComplianceReport
    package let width: Int

    /// Creates the rendering; no line is longer than `width` (at least 50).
    package init(_ report: ComplianceReport, width: Int = 80) {
        self.report = report
        self.width = width
    }

    /// The whole text with a line feed at the end.
    package var text: String { lines.joined(separator: "\n") + "\n" }

    /// The lines, plain and without trailing blanks.
    package var lines: [String] {
        var layout = TextLayout(width: width)
        heading(&layout)
        RecoveryPointText(facts: report.recoveryPoint).write(into: &layout)
        RecoveryTimeText(facts: report.recoveryTime).write(into: &layout)
        DowntimeText(facts: report.downtime).write(into: &layout)
        ProofText(facts: report.proof, nextDrill: report.recoveryPoint.schedule?.nextDrill).write(into: &layout)
        CopyText(facts: report.copies).write(into: &layout)
        RunsText(facts: report.runs).write(into: &layout)
        EvidenceText(facts: report.evidence).write(into: &layout)
        layout.blank()
        layout.paragraph(conclusion)
        return layout.lines.map { line in
            let blanks = line.reversed().prefix { $0 == " " }.count
            return String(line.dropLast(blanks))
        }
    }

    private func heading(_ layout: inout TextLayout) {
        let period = report.period
        layout.paragraph("\(report.plan): promises and facts")
        layout.paragraph(
            "\(period.from.minuteText) to \(period.to.minuteText) UTC (\((period.to - period.from).inWords))"
        )
        guard !report.typedTargets.isEmpty else { return }
        let typed = report.typedTargets.map(\.words).joined(separator: ", ")
        layout.paragraph("targets typed for this report, not the plan's own: \(typed)")
    }

    /// The last line, which names the promises that do not hold; their sections say why.
    private var conclusion: String {
        let parts: [(String, Compliance)] = [
            ("recovery point", report.recoveryPoint.compliance), ("recovery time", report.recoveryTime.compliance),
            ("downtime", report.downtime.compliance), ("proof", report.proof.compliance),
            ("copies", report.copies.compliance), ("evidence", report.evidence.compliance),
        ]
        let outcome = report.compliance.outcome
        let names = parts.filter { $0.1.outcome == outcome }.map(\.0).joined(separator: ", ")
        return switch outcome {
        case .met: "compliance: met"
        case .missed: "compliance: MISSED (\(names))"
        case .unknown: "compliance: unknown (\(names))"
        case .noTarget: "compliance: not judged, because nothing was promised"
        }
    }
}

extension TextLayout {
    /// Says why something does not hold; nothing when it does.
    mutating func why(_ compliance: Compliance) { list("why", compliance.reasons.map(withShortInstants)) }
}
