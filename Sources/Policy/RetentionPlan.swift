package import Model

extension RetentionPolicy {
    /// How far a point may lie ahead of the clock before it is taken for misdated: clocks differ.
    package static let clockTolerance: Duration = .seconds(300)

    /// Decides about every point, newest first.
    ///
    /// Only good points are counted: complete, signed, not known to be bad, not dated in the future and not newer than
    /// their own commit. The others push nothing out and are never removed here. The newest good point, the newest good
    /// proven one and every held one always stay.
    package func decide(
        _ points: [RetentionPoint],
        now: Instant,
        zone: TimeZoneRules
    ) -> [RetentionDecision] {
        var decisions = points.sorted(by: isNewer).map { point in
            RetentionDecision(point: point, reasons: standing(of: point, now: now))
        }
        if isEmpty {
            for index in decisions.indices { decisions[index].reasons.append(.noPolicy) }
            return decisions
        }
        let good = decisions.indices.filter { index in
            !decisions[index].reasons.contains { [.incomplete, .datedInFuture, .knownBad].contains($0) }
        }
        keepGuarded(good, in: &decisions)
        keepRecent(good, in: &decisions)
        for rule in RetentionRule.allCases { keep(rule, good, in: &decisions, zone: zone) }
        keepMinimum(good, in: &decisions)
        for index in decisions.indices where decisions[index].reasons.isEmpty { decisions[index].reasons = [.noRule] }
        return decisions
    }

    private func isNewer(_ a: RetentionPoint, _ b: RetentionPoint) -> Bool {
        if a.recoveryInstant != b.recoveryInstant { return a.recoveryInstant > b.recoveryInstant }
        if a.committedAt != b.committedAt { return a.committedAt > b.committedAt }
        return a.id > b.id
    }

    /// The reasons that a point carries by itself.
    private func standing(of point: RetentionPoint, now: Instant) -> [RetentionReason] {
        var reasons: [RetentionReason] = []
        if let hold = point.hold { reasons.append(.held(hold)) }
        if !point.isComplete { reasons.append(.incomplete) }
        let latest = min(now, point.committedAt) + Self.clockTolerance
        if point.recoveryInstant > latest || point.committedAt > now + Self.clockTolerance {
            reasons.append(.datedInFuture)
        }
        if point.isKnownBad { reasons.append(.knownBad) }
        return reasons
    }

    private func keepGuarded(_ good: [Int], in decisions: inout [RetentionDecision]) {
        if let newest = good.first { decisions[newest].reasons.append(.newest) }
        if let proven = good.first(where: { decisions[$0].point.isProven }) {
            decisions[proven].reasons.append(.newestProven)
        }
    }

    private func keepRecent(_ good: [Int], in decisions: inout [RetentionDecision]) {
        let last = max(0, keep.last ?? 0)
        for (number, index) in good.prefix(last).enumerated() {
            decisions[index].reasons.append(.last(number + 1, of: last))
        }
        guard let within = keep.within, within > .zero, let newest = good.first else { return }
        let limit = decisions[newest].point.recoveryInstant - within
        for index in good where decisions[index].point.recoveryInstant >= limit {
            decisions[index].reasons.append(.within(within))
        }
    }

    /// Keeps the newest point of each of the rule's newest spans.
    ///
    /// While there are fewer spans than the rule asks for, the oldest point stays too: otherwise a rule for years would
    /// lose the first point of its only year every time a newer one arrives, and never reach a second.
    private func keep(
        _ rule: RetentionRule,
        _ good: [Int],
        in decisions: inout [RetentionDecision],
        zone: TimeZoneRules
    ) {
        let limit = max(0, keep[rule])
        var seen: Set<RetentionRule.Span> = []
        var kept = 0
        for index in good where kept < limit {
            let instant = decisions[index].point.recoveryInstant
            let isNew = seen.insert(rule.span(of: instant, in: zone)).inserted
            guard isNew || index == good.last else { continue }
            kept += 1
            let label = rule.label(of: instant, in: zone)
            decisions[index].reasons.append(.span(rule, label: label, number: kept, of: limit, isOldest: !isNew))
        }
    }

    private func keepMinimum(_ good: [Int], in decisions: inout [RetentionDecision]) {
        guard let minimum = minimumPoints else { return }
        var kept = good.count { !decisions[$0].reasons.isEmpty }
        for index in good where kept < minimum && decisions[index].reasons.isEmpty {
            decisions[index].reasons.append(.minimum(minimum))
            kept += 1
        }
    }
}
