import Diagnostics
import Model
import Reports
import Repository

/// What a report takes from one repository, read once.
struct RepositoryReading {
    /// A point with what its manifest says; nil where that cannot be read.
    struct Point: Sendable {
        var listing: PointListing
        var known: KnownPoint?
        var bytesStored: Int64?
        var textBytes: Int64?
        /// Since when this copy does not count; nil while nothing is known against it.
        var badSince: Instant?
    }

    let records: [RunRecord]
    let evidence: Evidence
    let points: [Point]
    let facts: ReportRepository

    /// Reads records before archives and points, so that what is committed meanwhile is not yet expected.
    ///
    /// What records say of points is what they said by `end`.
    init(_ repository: Repository, named name: String, plan: PlanName, until end: Instant, now: Instant) throws {
        let stored = try repository.records(plan: plan)
        let evidence = Evidence(stored.filter { min($0.record.finished, now) <= end })
        let stock = try repository.archiveStock()
        let points = try repository.eachPoint(repository.listPoints(plan: plan)) {
            try Self.read($0, in: repository, evidence, stock)
        }
        let missing = try repository.chainBreaks(plan: plan, among: points.compactMap(\.known))
        self.evidence = evidence
        self.points = points
        records = stored.map { Self.dated($0, now) }
        facts = ReportRepository(
            name: name,
            chains: Self.chains(stored),
            brokenRecords: repository.brokenRecords.filter { $0.place.plan == plan }.map {
                ReportRepository.BrokenRecord(record: $0.place.key.text, reason: $0.reason)
            },
            missingPoints: missing.map { ReportRepository.MissingPoint(point: $0.point, reason: $0.reason) }
        )
    }

    /// A copy that cannot be read, or lacks an archive, protects nobody: it never counted.
    private static func read(
        _ listing: PointListing,
        in repository: Repository,
        _ evidence: Evidence,
        _ stock: ArchiveStock
    ) throws -> Point {
        var point = Point(listing: listing)
        do {
            let stored = try repository.readPoint(listing.name)
            let known = KnownPoint(stored)
            (point.known, point.bytesStored) = (known, stored.bytesStored)
            point.textBytes = stored.manifest.totals.bytesRepresented
            let isConfirmed = evidence.committed.contains(listing.name)
            let damage = evidence.damage(of: listing.name, needing: known.uses.map(\.archive))
            if stock.problem(of: known, isConfirmed: isConfirmed) != nil {
                point.badSince = listing.modified
            } else {
                point.badSince = [damage?.since, evidence.suspect[listing.name]?.since].compactMap(\.self).min()
            }
        } catch let error as Diagnostic where error.code != .keyMissing && error.code != .keyWrong {
            point.badSince = listing.modified
        }
        return point
    }

    /// In the place that all records of the plan give it; nothing ended in the future, whatever the clock of its host said.
    private static func dated(_ stored: StoredRecord, _ now: Instant) -> RunRecord {
        var record = stored.record
        record.started = min(record.started, now)
        record.finished = min(record.finished, now)
        record.foldedAt = stored.folded
        return record
    }

    private static func chains(_ records: [StoredRecord]) -> [ReportRepository.Chain] {
        Dictionary(grouping: records, by: \.place.signer).sorted { $0.key < $1.key }.compactMap { signer, records in
            records.max { $0.place.sequence < $1.place.sequence }.map {
                ReportRepository.Chain(signer: signer, records: records.count, head: $0.sha256)
            }
        }
    }
}
