import Model

extension ReportInput {
    /// One copy of a point, by the number of its repository.
    private struct CopyKey: Hashable {
        var point: PointName
        var repository: Int
    }

    /// The same with the copies that prunes removed after the end of the period: they were there then.
    ///
    /// What they held is told by the records of the runs that made them.
    var rewound: ReportInput {
        guard end < now else { return self }
        var result = self
        var found = Dictionary(points.map { ($0.name, $0) }) { first, _ in first }
        var there: [CopyKey: RunRecord] = [:]
        for (record, place) in recordsByRepository.sorted(by: { $0.record.position < $1.record.position }) {
            switch record.event {
            case .backup(let run) where record.finished <= end:
                if let point = run.point { there[CopyKey(point: point, repository: place)] = record }
            case .sync(let run) where record.finished <= end:
                for copied in run.points { there[CopyKey(point: copied.point, repository: place)] = record }
            case .prune(let run):
                for removed in run.removedPoints {
                    let key = CopyKey(point: removed.point, repository: place)
                    guard let made = there.removeValue(forKey: key), record.finished > end else { continue }
                    found[key.point] = Self.adding(key, made, to: found[key.point])
                }
            case .backup, .sync, .drill, .verify, .hold: break
            }
        }
        result.points = found.values.sorted { $0.name < $1.name }
        return result
    }

    private static func adding(_ key: CopyKey, _ made: RunRecord, to known: ReportPoint?) -> ReportPoint {
        let run: BackupRun? = if case .backup(let run) = made.event { run } else { nil }
        var point =
            known
            ?? ReportPoint(
                name: key.point,
                recoveryInstant: run?.recoveryInstant ?? key.point.slot.instant,
                committedAt: made.finished,
                bytes: run?.totals?.bytesStored ?? 0,
                copies: 0
            )
        if point.copies == 0 { point.repositories = [] }
        guard point.repositories.insert(key.repository).inserted else { return point }
        point.copies += 1
        point.committedAt = min(point.committedAt, made.finished)
        point.committedIn[key.repository] = made.finished
        point.textBytes = point.textBytes ?? run?.totals?.bytesRepresented
        return point
    }
}
