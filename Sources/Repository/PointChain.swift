package import Model

/// A point that names a predecessor which is neither there nor recorded as pruned, or is another than it was.
package struct ChainBreak: Sendable, Hashable {
    package var point: PointName
    package var previous: PreviousPoint
    package var reason: String
}

/// The chain of a plan's points: each names the one before it by hash, so a removed or replaced point shows.
package enum PointChain {
    /// Where the chain is broken; `points` are all that exist, `evidence` tells which were removed by a prune.
    package static func breaks(in points: [StoredPoint], evidence: Evidence) -> [ChainBreak] {
        let hashes = Dictionary(points.map { ($0.name, $0.sha256) }) { first, _ in first }
        return points.compactMap { point in
            guard let previous = point.manifest.previous else { return nil }
            if evidence.removed[previous.point]?.contains(previous.sha256) == true { return nil }
            guard let found = hashes[previous.point] else {
                return ChainBreak(point: point.name, previous: previous, reason: "it is gone, and no prune recorded it")
            }
            return found == previous.sha256
                ? nil : ChainBreak(point: point.name, previous: previous, reason: "it is not the one it was")
        }
    }
}

extension Repository {
    /// Where the chain of a plan's points is broken; a point that cannot be read is an error.
    package func verifyChain(plan: PlanName) throws -> [ChainBreak] {
        let points = try listPoints(plan: plan).map { try readPoint($0.name) }
        return PointChain.breaks(in: points, evidence: try evidence(plan: plan))
    }
}
