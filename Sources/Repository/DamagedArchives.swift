import Diagnostics
import Model

extension Repository {
    /// The archives that records of about the time since `base` was taken name as damaged, or that a point needs of which
    /// no more is known than that it is bad.
    ///
    /// Reads only the records of a week before the base and later: what was found out earlier was already heeded when the
    /// base was taken. A record that cannot be read or trusted says nothing; a backup must not fail over it.
    func damagedArchives(since base: StoredPoint) throws -> Set<ArchiveID> {
        let start = base.modified - .seconds(7 * 86_400)
        var records: [StoredRecord] = []
        for info in try store.list(Layout.records(of: base.name.plan)) where info.modified >= start {
            guard let place = Layout.recordPlace(info.key) else { continue }
            do {
                records.append(try readRecord(place))
            } catch let error as Diagnostic where error.isAboutOneObject {
                continue
            }
        }
        let findings = Evidence(records.sorted { Self.order($0) < Self.order($1) }).findings
        return try findings.reasons.keys.reduce(into: []) { found, point in
            found.formUnion(try findings.archives(of: point) ?? archives(of: point))
        }
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
