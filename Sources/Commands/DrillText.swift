import Model
import Reports
import Terminal

/// A drill's outcome as people read it.
struct DrillText {
    let lines: [StyledText]

    init(_ run: DrillRun) {
        lines = Self.phases(run) + Self.findings(run) + [Self.verdict(run)]
    }

    /// The phases as bars on one time axis.
    private static func phases(_ run: DrillRun) -> [StyledText] {
        guard let first = run.phases.map(\.started).min() else { return [] }
        let end = run.phases.map { ($0.started - first).inSeconds + $0.seconds }.max() ?? 0
        let width = 36.0
        return run.phases.map { phase in
            let offset = end > 0 ? Int((phase.started - first).inSeconds / end * width) : 0
            let length = end > 0 ? max(1, Int(phase.seconds / end * width)) : 1
            let bar = String(repeating: " ", count: offset) + String(repeating: "=", count: length)
            return StyledText(
                "  \(phase.name.padded(to: 25))\(bar.padded(to: Int(width) + 2))\(secondsText(phase.seconds))",
                .dim
            )
        }
    }

    private static func findings(_ run: DrillRun) -> [StyledText] {
        var lines: [StyledText] = [
            "  tables       \(run.tables.proven) of \(run.tables.total) proven, \(counted(run.tables.rows, "row"))",
            "  definitions  \(run.catalog.equal) of \(run.catalog.total) the same",
        ]
        for text in run.tables.mismatches + run.catalog.differences {
            lines.append(StyledText("  differs      \(text)", .red))
        }
        for check in run.checks {
            let detail = check.detail.map { ": \($0)" } ?? ""
            lines.append(
                StyledText(
                    "  check        \(check.name) \(check.passed ? "ok" : "FAILED")\(detail)",
                    check.passed ? nil : .red
                )
            )
        }
        for omission in run.notChecked {
            lines.append(StyledText("  not checked  \(omission.object): \(omission.reason)", .yellow))
        }
        if let failure = run.failure {
            lines.append(StyledText("  failed       \(failure.summary)", .red))
            if let cause = failure.cause { lines.append(StyledText("  cause        \(cause)", .red)) }
        }
        if let obstacle = run.obstacle {
            lines.append(StyledText("  not possible \(obstacle.summary)", .yellow))
            if let cause = obstacle.cause { lines.append(StyledText("  cause        \(cause)", .yellow)) }
            if let hint = obstacle.hint { lines.append(StyledText("  hint         \(hint)", .yellow)) }
        }
        return lines
    }

    private static func verdict(_ run: DrillRun) -> StyledText {
        let time = run.recoverySeconds.map { ", recovered in \(secondsText($0))" } ?? ""
        let target = run.targetVersion.isEmpty ? run.target.rawValue : "\(run.target.rawValue) \(run.targetVersion)"
        let ink: Ink = run.verdict == .proven ? .green : run.verdict == .failed ? .boldRed : .yellow
        return StyledText("\(run.verdict.rawValue)", ink) + StyledText(" \(run.point)\(time) (\(target))")
    }
}
