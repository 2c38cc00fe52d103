package import Model

/// The chain of points: each names the one before it by hash, and records name what was committed and what was pruned.
///
/// So a point that was removed or replaced shows, and so does a listing that leaves one out.
package enum PointChain {
    /// Where the chain is broken and nobody accepted it; `listed` are all names that exist, `points` those that could be read, `expected` those
    /// that must exist unless a prune recorded their removal.
    package static func breaks(
        in points: [KnownPoint],
        listed: [PointName],
        expected: Set<PointName>,
        evidence: Evidence
    ) -> [ChainBreak] {
        let present = Set(listed)
        let vanished = expected.filter { !present.contains($0) && evidence.removed[$0] == nil }.sorted()
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
        // Records first: what is committed meanwhile is then listed and not yet expected.
        let evidence = try evidence(plan: plan)
        let points = try listPoints(plan: plan).map { KnownPoint(try readPoint($0.name)) }
        return PointChain.breaks(
            in: points,
            listed: points.map(\.name),
            expected: evidence.committed,
            evidence: evidence
        )
    }
}
