import Model

/// The part about the data that would be lost.
struct RecoveryPointText {
    let facts: RecoveryPointFacts

    func write(into layout: inout TextLayout) {
        layout.section("Recovery point", promise, facts.compliance)
        layout.why(facts.compliance)
        layout.fact("now", now)
        layout.fact("worst", worst)
        layout.fact("inside target", inside)
        layout.fact("beyond target", beyond)
        layout.fact("protected since", protection)
        layout.fact("newest point", facts.newest.map(Self.describe))
        layout.fact("made by", facts.newest.flatMap { makerText($0.tool, $0.host) })
        layout.fact("kept", kept)
        layout.list("bad", facts.badPoints.map { "\($0.name), known since \($0.since.minuteText)" })
        layout.list("missing", facts.missingPoints.map { "\($0): gone, although no prune removed it" })
        layout.list("dated ahead", facts.futurePoints.map { "\($0): it is dated in the future, a clock was wrong" })
        layout.fact("schedule", schedule)
    }

    /// The headline says what the verdict is about: nothing is judged before the first point.
    private var promise: String {
        guard let target = facts.targetSeconds else { return "no target" }
        let isPart = facts.unprotectedBeforeSeconds > 0
        let part = isPart ? facts.protectedShare.map { ", judged in \(percent($0)) of the period" } : nil
        return "target \(inWords(target))\(part ?? "")"
    }

    private var now: String {
        if let seconds = facts.nowSeconds { return "data of the last \(inWords(seconds)) would be lost" }
        let reason = facts.points == 0 ? "there is no recovery point" : "every recovery point is known to be bad"
        return "everything would be lost: \(reason)"
    }

    private var worst: String? {
        guard let seconds = facts.worstSeconds, let at = facts.worstAt else { return nil }
        return "\(inWords(seconds)), at \(at.minuteText)"
    }

    private var inside: String? {
        facts.insideShare.map { percent($0) + (facts.unprotectedBeforeSeconds > 0 ? " of the protected time" : "") }
    }

    private var beyond: String? {
        guard let breaches = facts.breaches, let seconds = facts.breachSeconds, breaches > 0 else { return nil }
        return breaches == 1 ? "once, for \(inWords(seconds))" : "\(breaches) times, \(inWords(seconds)) in all"
    }

    private var protection: String? {
        guard let since = facts.protectedSince else { return nil }
        var text: [String] = []
        if facts.unprotectedBeforeSeconds > 0 {
            text.append("\(since.minuteText); nothing before that can be recovered")
        }
        if facts.unprotectedAfterSeconds > 0 {
            text.append("no good point for \(inWords(facts.unprotectedAfterSeconds)) since then")
        }
        return text.isEmpty ? nil : text.joined(separator: "; ")
    }

    private static func describe(_ point: PointFacts) -> String {
        let proof = point.provenAt.map { ", proven \($0.minuteText)" } ?? ", not proven"
        return "\(point.name), as of \(point.recoveryInstant.minuteText)\(proof)"
    }

    private var kept: String? {
        guard facts.points > 0 else { return nil }
        let held = facts.heldPoints > 0 ? ", \(facts.heldPoints) held" : ""
        return "\(counted(facts.points, "point")), \(ByteCount(facts.pointBytes))\(held)"
    }

    private var schedule: String? {
        guard let schedule = facts.schedule else { return nil }
        var parts: [String] = []
        if let worst = schedule.worstExposureSeconds {
            let verb = schedule.fitsTarget == false ? "cannot keep the target: " : ""
            parts.append("\(verb)exposure reaches \(inWords(worst)) even when every run succeeds")
        }
        if let next = schedule.nextBackup { parts.append("next backup \(next.minuteText)") }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }
}
