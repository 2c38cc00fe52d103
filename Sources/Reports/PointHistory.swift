import Model
import Policy

/// What became of every point that ever was, folded from the records and from what lies in the repository.
struct PointHistory {
    private(set) var lives: [PointName: PointLife] = [:]
    /// What is held against the copies in each repository.
    private var findings: [Int: Findings] = [:]

    /// Folds an input; records count up to `end`.
    init(_ input: ReportInput) {
        // In the order in which they are folded, not by the clocks of their hosts.
        let records = input.recordsByRepository.filter { $0.record.finished <= input.end }
            .enumerated().sorted { ($0.element.record.position, $0.offset) < ($1.element.record.position, $1.offset) }
            .map(\.element)
        for point in input.points {
            lives[point.name] = PointLife(
                recoveryInstant: point.recoveryInstant,
                committedAt: point.committedAt,
                isKept: true,
                repositories: point.repositories,
                committedIn: point.committedIn,
                unnamedCopies: max(0, point.copies - point.repositories.count),
                textBytes: point.textBytes
            )
        }
        for (record, repository) in records { add(record, repository) }
        for point in input.points {
            guard var life = lives[point.name] else { continue }
            if let proven = point.provenAt, proven <= input.end { life.provenAt = proven }
            // Both are known; what was known first counts.
            life.badCopies.merge(point.badCopies.filter { $0.value <= input.end }) { min($0, $1) }
            if let bad = point.badSince, bad <= input.end {
                life.badCopies.merge(life.repositories.map { ($0, bad) }) { min($0, $1) }
            }
            lives[point.name] = life
        }
    }

    private mutating func add(_ record: RunRecord, _ repository: Int) {
        findings[repository, default: Findings()].add(record)
        switch record.event {
        case .backup(let run):
            add(run, record, repository)
        case .drill(let run):
            switch run.verdict {
            case .proven: lives[run.point]?.provenAt = record.finished
            case .failed: lives[run.point]?.provenAt = nil
            case .unverified: break
            }
            judge([run.point], in: repository)
        case .verify(let run):
            judge(run.points + run.bad.map(\.point), in: repository)
        case .prune(let run):
            for removed in run.removedPoints { remove(removed.point, repository, record.finished) }
            for gone in run.accepted ?? [] where gone.found == nil { remove(gone.point, repository, record.finished) }
        case .sync(let run):
            for copied in run.points { commit(copied.point, in: repository, record.finished) }
        case .hold: break
        }
    }

    private mutating func add(_ run: BackupRun, _ record: RunRecord, _ repository: Int) {
        guard let name = run.point, let instant = run.recoveryInstant else { return }
        var life =
            lives[name]
            ?? PointLife(
                recoveryInstant: instant,
                committedAt: record.finished,
                isKept: false,
                repositories: [repository]
            )
        life.maker = RunMaker(record)
        life.textBytes = life.textBytes ?? run.totals?.bytesRepresented
        lives[name] = life
        commit(name, in: repository, record.finished)
    }

    private mutating func commit(_ name: PointName, in repository: Int, _ instant: Instant) {
        guard var life = lives[name] else { return }
        if !life.isKept { life.repositories.insert(repository) }
        // A file that was put back has a later date than the copy had.
        life.committedIn[repository] = life.committedIn[repository].map { min($0, instant) } ?? instant
        life.removedIn[repository] = nil
        lives[name] = life
    }

    private mutating func remove(_ name: PointName, _ repository: Int, _ instant: Instant) {
        lives[name]?.removedAt = instant
        lives[name]?.removedIn[repository] = instant
    }

    private mutating func judge(_ points: [PointName], in repository: Int) {
        for point in points { lives[point]?.badCopies[repository] = findings[repository]?.lossInstant(of: point) }
    }

    /// Points that are neither in the repository nor were removed by a prune, nor accepted as gone.
    var vanished: [PointName] {
        lives.filter { !$0.value.isKept && $0.value.removedAt == nil }.keys.sorted()
    }

    /// When the first point was committed.
    var protectedSince: Instant? { lives.values.map(\.committedAt).min() }
}
