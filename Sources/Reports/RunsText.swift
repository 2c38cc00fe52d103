import Model

/// The part about what the backups did and cost.
struct RunsText {
    let facts: RunFacts

    func write(into layout: inout TextLayout) {
        layout.section("Runs", "", nil)
        let partial = facts.partial > 0 ? " (\(facts.partial) not in every repository)" : ""
        layout.fact("backups", "\(facts.done) done\(partial), \(facts.failed) failed in the period")
        layout.fact("duration", duration)
        if facts.done > 0 {
            layout.fact("data", "\(ByteCount(facts.bytesRead)) read, \(ByteCount(facts.bytesStored)) stored")
        }
        layout.fact("egress", facts.monthlyEgressBytes.map { "about \(ByteCount($0)) in 30 days at this rate" })
        if let failure = facts.lastFailure {
            let words = [failure.summary, failure.cause].compactMap(\.self).joined(separator: ": ")
            layout.fact("last failure", "\(failure.started.minuteText): \(words)")
            layout.fact("", failure.isOver ? "later backups succeeded" : "no backup has succeeded since")
        }
        layout.fact("verified", facts.lastVerified.map { "stored bytes checked, last \($0.minuteText)" })
    }

    private var duration: String? {
        guard let median = facts.p50Seconds, let high = facts.p95Seconds else { return nil }
        return facts.done == 1 ? inWords(median) : "median \(inWords(median)), 95 % within \(inWords(high))"
    }
}
