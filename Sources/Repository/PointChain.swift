package import Model

/// The chain of points: each names the one before it by hash, and records name what was committed and what was pruned.
///
/// So a point that was removed or replaced shows, and so does a listing that leaves one out.
package enum PointChain {
    /// Where the chain is broken and nobody accepted it.
    ///
    /// `listed` are all names that exist, `points` those that could be read, `expected` those that must exist unless a prune
    /// recorded their removal.
    package static func breaks(
        in points: [KnownPoint],
        listed: [PointName],
        expected: Set<PointName>,
        evidence: Evidence
    ) -> [ChainBreak] {
        let present = Set(listed)
        let vanished = expected.filter { !present.contains($0) && !evidence.explainsAbsence(of: $0) }.sorted()
        let hashes = Dictionary(points.map { ($0.name, $0.sha256) }) { first, _ in first }
        let breaks =
            points.compactMap { problem(before: $0, hashes, present, evidence) }
            + vanished.map {
                ChainBreak(
                    point: $0,
                    expected: nil,
                    found: nil,
                    reason: "it was there before, and no record says that it was pruned"
                )
            }
        return breaks.filter { !evidence.accepts($0) }
    }

    private static func problem(
        before point: KnownPoint,
        _ hashes: [PointName: String],
        _ present: Set<PointName>,
        _ evidence: Evidence
    ) -> ChainBreak? {
        guard let previous = point.previous else { return nil }
        if evidence.removed[previous.point]?.contains(previous.sha256) == true { return nil }
        guard present.contains(previous.point) else {
            let reason = "'\(point.name)' continues it, and no prune recorded its removal"
            return ChainBreak(point: previous.point, expected: previous.sha256, found: nil, reason: reason)
        }
        // One that could not be read is damaged, which is reported as what it is.
        guard let hash = hashes[previous.point], hash != previous.sha256 else { return nil }
        return ChainBreak(
            point: previous.point,
            expected: previous.sha256,
            found: hash,
            reason: "it is not the one that '\(point.name)' continues"
        )
    }
}

extension Repository {
    /// Where the chain of a plan's points is broken; a point that cannot be read is an error.
    package func verifyChain(plan: PlanName) throws -> [ChainBreak] {
        try chainBreaks(
            plan: plan,
            among: try eachPoint(listPoints(plan: plan)) { KnownPoint(try self.readPoint($0.name)) }
        )
    }

    /// Where the chain of a plan's points is broken, after `known` were read; what could not be read is not judged.
    package func chainBreaks(plan: PlanName, among known: [KnownPoint]) throws -> [ChainBreak] {
        var found: [ChainBreak] = []
        // Twice, because a prune that runs meanwhile may have recorded and removed something in between.
        for _ in 0..<2 {
            // Records first: what is committed meanwhile is then listed and not yet expected.
            let evidence = try evidence(plan: plan, remembering: true)
            let listed = Set(try listPoints(plan: plan).map(\.name))
            found = PointChain.breaks(
                in: known.filter { listed.contains($0.name) },
                listed: listed.sorted(),
                expected: evidence.committed,
                evidence: evidence
            )
            if found.isEmpty { break }
        }
        // A point that its successor misses is often one that records miss as well.
        var named: Set<PointName> = []
        return found.filter { named.insert($0.point).inserted }
    }
}
