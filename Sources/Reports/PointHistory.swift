import Model
import Policy

/// What became of every point that ever was, folded from the records and from what lies in the repository.
struct PointHistory {
    /// One point, whether it still exists or not.
    struct Life {
        var recoveryInstant: Instant
        var committedAt: Instant
        var provenAt: Instant?
        var badSince: Instant?
        var removedAt: Instant?
        var isKept: Bool
    }

    private(set) var lives: [PointName: Life] = [:]

    /// Folds an input; records count up to `end`.
    init(_ input: ReportInput) {
        let records = input.records.filter { $0.finished <= input.end }.sorted { $0.finished < $1.finished }
        for point in input.points {
            lives[point.name] = Life(
                recoveryInstant: point.recoveryInstant,
                committedAt: point.committedAt,
                isKept: true
            )
        }
        for record in records { add(record) }
        for point in input.points {
            guard var life = lives[point.name] else { continue }
            life.provenAt = point.provenAt ?? life.provenAt
            life.badSince = point.badSince ?? life.badSince
            lives[point.name] = life
        }
    }

    private mutating func add(_ record: RunRecord) {
        switch record.event {
        case .backup(let run):
            guard let name = run.point, let instant = run.recoveryInstant, lives[name] == nil else { return }
            lives[name] = Life(recoveryInstant: instant, committedAt: record.finished, isKept: false)
        case .drill(let run):
            switch run.verdict {
            case .proven:
                lives[run.point]?.provenAt = record.finished
                lives[run.point]?.badSince = nil
            case .failed:
                lives[run.point]?.provenAt = nil
                if run.showsBadPoint { lives[run.point]?.badSince = record.finished }
            case .unverified: break
            }
        case .verify(let run):
            for name in run.points { lives[name]?.badSince = nil }
            for bad in run.bad { lives[bad.point]?.badSince = record.finished }
        case .prune(let run):
            for removed in run.removedPoints { lives[removed.point]?.removedAt = record.finished }
        case .hold, .sync: break
        }
    }

    /// Points that are neither in the repository nor were removed by a prune.
    var vanished: [PointName] {
        lives.filter { !$0.value.isKept && $0.value.removedAt == nil }.keys.sorted()
    }

    /// The points as the exposure is measured on them; what is gone counts until it was removed.
    func exposurePoints(until end: Instant) -> [Exposure.Point] {
        lives.values.map { life in
            let gone = life.isKept ? nil : life.removedAt ?? end
            return Exposure.Point(
                recoveryInstant: life.recoveryInstant,
                committedAt: life.committedAt,
                knownBadSince: [life.badSince, gone].compactMap(\.self).min()
            )
        }
    }
}

extension DrillRun {
    /// Whether the failure lies in the point itself: rows differ, or what is stored cannot be read or trusted.
    ///
    /// A failed assertion says something about the data, not about the copy of it.
    fileprivate var showsBadPoint: Bool {
        guard verdict == .failed else { return false }
        if !tables.mismatches.isEmpty { return true }
        return ["object-corrupt", "object-missing", "signature-invalid"].contains(failure?.code)
    }
}
