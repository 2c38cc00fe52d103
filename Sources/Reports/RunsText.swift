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
        layout.list("failures", failures)
        layout.fact("verified", facts.lastVerified.map { "stored bytes checked, last \($0.minuteText)" })
    }

    /// The one that stands above already is not told twice.
    private var failures: [String] {
        let all = facts.failures
        let isTold = all.earlier == 0 && all.last.count == 1 && all.last[0].started == facts.lastFailure?.started
        guard !isTold else { return [] }
        let listed = all.last.map { entry in
            "\(entry.started.minuteText) \(entry.event.rawValue)\(entry.point.map { " \($0)" } ?? ""): \(entry.reason)"
        }
        return listed + (all.earlier > 0 ? ["and \(all.earlier) before these"] : [])
    }

    private var duration: String? {
        guard let median = facts.p50Seconds, let high = facts.p95Seconds else { return nil }
        return facts.done == 1 ? inWords(median) : "median \(inWords(median)), 95 % within \(inWords(high))"
    }
}
