import Model

/// The part about what is known to restore.
struct ProofText {
    /// More differences than this are counted, not listed.
    private static let listed = 8

    let facts: ProofFacts
    let nextDrill: Instant?

    func write(into layout: inout TextLayout) {
        layout.section("Proof", promise, facts.compliance)
        layout.why(facts.compliance)
        if let drill = facts.lastDrill {
            write(drill, into: &layout)
        } else {
            layout.fact("last drill", "none: a backup that was never restored is a rumour")
        }
        layout.fact("coverage", coverage)
        layout.fact("newest proven", newestProven)
        layout.fact("drills", drills)
        layout.fact("longest gap", gap)
        layout.fact("next drill", nextDrill.map { "scheduled for \($0.minuteText)" })
    }

    private var promise: String { facts.drillEverySeconds.map { "a drill every \(inWords($0))" } ?? "no target" }

    private func write(_ drill: DrillFacts, into layout: inout TextLayout) {
        let version = drill.targetVersion.isEmpty ? "" : ", \(drill.targetVersion)"
        layout.fact(
            "last drill",
            "\(drill.verdict.rawValue.uppercasedIfFailed) \(drill.declared.minuteText), \(drill.point)\(version)"
        )
        if let failure = drill.failure {
            layout.fact("failure", [failure.summary, failure.cause].compactMap(\.self).joined(separator: ": "))
        }
        if let obstacle = drill.obstacle {
            layout.fact("not possible", [obstacle.summary, obstacle.cause].compactMap(\.self).joined(separator: ": "))
            layout.fact("remedy", obstacle.hint)
        }
        layout.fact("rows", rows(drill.tables))
        layout.list("differ", limited(drill.tables.mismatches))
        layout.fact("definitions", definitions(drill.catalog))
        layout.list("differ", limited(drill.catalog.differences))
        let passed = drill.checks.count(where: \.passed)
        if !drill.checks.isEmpty { layout.fact("checks", "\(passed) of \(drill.checks.count) passed") }
        layout.list(
            "did not pass",
            drill.checks.filter { !$0.passed }.map { [$0.name, $0.detail].compactMap(\.self).joined(separator: ": ") }
        )
        layout.list(
            "not checked",
            limited(drill.notChecked.map { "\($0.object): \($0.reason)\($0.isExpected ? " (expected)" : "")" })
        )
    }

    private func rows(_ score: DrillRun.TableScore) -> String? {
        guard score.total > 0 else { return nil }
        return "\(score.proven) of \(counted(score.total, "table")) came back row by row, \(counted(score.rows, "row"))"
    }

    private func definitions(_ catalog: CatalogFidelity) -> String? {
        catalog.fidelity.map { fidelity in
            "\(catalog.equal) of \(counted(catalog.total, "object")) came back as defined (\(percent(fidelity)))"
        }
    }

    private func limited(_ values: [String]) -> [String] {
        guard values.count > Self.listed else { return values }
        return values.prefix(Self.listed) + ["and \(values.count - Self.listed) more"]
    }

    private var coverage: String? {
        facts.coverage.map { share in
            "\(facts.provenPoints) of \(counted(facts.retainedPoints, "kept point")) proven (\(percent(share)))"
        }
    }

    private var newestProven: String? {
        guard let name = facts.newestProven, let age = facts.newestProvenAgeSeconds else {
            return facts.retainedPoints > 0 ? "none" : nil
        }
        return "\(name), \(inWords(age)) old"
    }

    /// Said where it is more than the promise, which may be long ago.
    private var gap: String? {
        guard let gap = facts.longestGapSeconds, let promised = facts.drillEverySeconds, gap > promised,
            let from = facts.longestGapFrom, let to = facts.longestGapTo
        else { return nil }
        return "\(inWords(gap)) without a proven drill, from \(from.minuteText) to \(to.minuteText)"
    }

    private var drills: String {
        let counts = facts.drills
        var parts = ["\(counts.proven) proven"]
        if counts.failed > 0 { parts.append("\(counts.failed) failed") }
        if counts.unverified > 0 { parts.append("\(counts.unverified) unverified") }
        var text = parts.joined(separator: ", ") + " in the period"
        if let due = counts.due, due > 0 { text += ", \(due) due" }
        if let late = facts.lateBySeconds {
            text += "; \(inWords(late)) late"
        } else if let next = facts.dueAt {
            text += "; the next is due by \(next.dayText)"
        }
        return text
    }
}

extension String {
    /// `FAILED` is loud, as a missed promise is.
    fileprivate var uppercasedIfFailed: String { self == DrillRun.Verdict.failed.rawValue ? uppercased() : self }
}
