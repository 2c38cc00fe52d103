import Diagnostics
import Model

extension Repository {
    /// The archives that records of about the time since `base` was taken name as damaged, or that a point needs of which
    /// no more is known than that it is bad.
    ///
    /// Reads only the records of a week before the base and later: what was found out earlier was already heeded when the
    /// base was taken.
    func damagedArchives(since base: StoredPoint) throws -> Set<ArchiveID> {
        let evidence = try evidence(plan: base.name.plan, since: base.modified - .seconds(7 * 86_400))
        let findings = evidence.findings
        return try findings.reasons.keys.reduce(into: Set(evidence.damagedArchives.keys)) { found, point in
            found.formUnion(try findings.archives(of: point) ?? archives(of: point))
        }
    }

    /// The archives that the records of these points' plans call damaged.
    func damagedArchives(of points: [PointName]) throws -> [ArchiveID] {
        try Set(points.map(\.plan)).flatMap { try evidence(plan: $0, remembering: true).damagedArchives.keys }
            .sorted { $0.text < $1.text }
    }

    /// All that a point refers to; nothing when it cannot be read, for then no point builds on it either.
    private func archives(of point: PointName) throws -> [ArchiveID] {
        do {
            return try readPoint(point).manifest.archives.map(\.id)
        } catch let error as Diagnostic where error.isAboutOneObject {
            return []
        }
    }
}
