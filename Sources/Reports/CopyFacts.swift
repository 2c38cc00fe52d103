package import Model
import Policy

/// In how many repositories the points of the period lay, in copies that were not known to be bad.
package struct CopyFacts: Sendable, Hashable, Encodable {
    package let target: Int?
    /// In how many the newest good point lies; nil when there is none.
    package let newestPoint: Int?
    /// Since when the newest points have had fewer copies than promised; nil while the promise is kept, and where a copy was
    /// lost and nobody knows when.
    package let missedSince: Instant?
    /// Points of the period that were judged when their time as the newest ended; nil where nothing was promised.
    package let points: Int?
    /// How many of them had fewer copies than promised.
    package let shortPoints: Int?
    /// The longest time of the period with fewer copies than promised.
    package let worstFrom: Instant?
    package let worstTo: Instant?
    package let compliance: Compliance

    init(_ input: ReportInput, _ history: PointHistory) {
        let promised = input.objectives.copies
        let coverage = CopyCoverage.measure(
            history.lives.values.map(\.covered),
            target: promised ?? 0,
            notExamined: input.notExamined.map(\.name),
            from: input.from,
            to: input.end
        )
        target = promised
        newestPoint = coverage.current
        missedSince = coverage.lasting?.from
        points = promised.map { _ in coverage.points }
        shortPoints = promised.map { _ in coverage.short }
        worstFrom = coverage.worst?.from
        worstTo = coverage.worst?.to
        compliance = Compliance(promised.map { _ in coverage.verdict })
    }
}

/// The part about copies.
struct CopyText {
    let facts: CopyFacts

    func write(into layout: inout TextLayout) {
        guard let target = facts.target else { return }
        layout.section("Copies", "target \(target)", facts.compliance)
        layout.why(facts.compliance)
        layout.fact("newest point", facts.newestPoint.map { "in \($0) of \(target)" } ?? "there is none")
        layout.fact("too few since", facts.missedSince?.minuteText)
        layout.fact("in the period", period)
    }

    private var period: String? {
        guard let points = facts.points, let short = facts.shortPoints, short > 0 else { return nil }
        var text = "\(short) of \(counted(points, "point")) had too few when the next one was taken"
        if let from = facts.worstFrom, let to = facts.worstTo {
            text += "; at worst for \((to - from).inWords), from \(from.minuteText) to \(to.minuteText)"
        }
        return text
    }
}
