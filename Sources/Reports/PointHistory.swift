import Model
import Policy

/// What became of every point that ever was, folded from the records and from what lies in the repository.
struct PointHistory {
    /// One point, whether it still exists or not.
    struct Life {
        var recoveryInstant: Instant
        var committedAt: Instant
        var provenAt: Instant?
        var removedAt: Instant?
        var isKept: Bool
        /// The repositories that hold it, or held it.
        var repositories: Set<Int>
        /// Copies known to be bad, and since when.
        var badCopies: [Int: Instant] = [:]

        /// Since when no copy is good; nil while one is.
        var badSince: Instant? {
            let bad = badCopies.filter { repositories.contains($0.key) }
            return bad.count == repositories.count ? bad.values.max() : nil
        }

        /// In how many repositories a copy lies that is not known to be bad.
        var goodCopies: Int { repositories.count { badCopies[$0] == nil } }

        /// Since when there have been fewer than `target` good copies; nil when there are enough.
        func isShort(of target: Int) -> Instant? {
            guard goodCopies < target else { return nil }
            guard repositories.count >= target else { return committedAt }
            let bad = badCopies.filter { repositories.contains($0.key) }.values.sorted()
            return bad[repositories.count - target]
        }
    }

    private(set) var lives: [PointName: Life] = [:]
    /// What is held against the copies in each repository.
    private var findings: [Int: Findings] = [:]

    /// Folds an input; records count up to `end`.
    init(_ input: ReportInput) {
        // In the order in which they are folded, not by the clocks of their hosts.
        let records = input.recordsByRepository.filter { $0.record.finished <= input.end }
            .enumerated().sorted { ($0.element.record.position, $0.offset) < ($1.element.record.position, $1.offset) }
            .map(\.element)
        for point in input.points {
            lives[point.name] = Life(
                recoveryInstant: point.recoveryInstant,
                committedAt: point.committedAt,
                isKept: true,
                repositories: point.repositories
            )
        }
        for (record, repository) in records { add(record, repository) }
        for point in input.points {
            guard var life = lives[point.name] else { continue }
            life.provenAt = point.provenAt ?? life.provenAt
            // Both are known; what was known first counts.
            life.badCopies.merge(point.badCopies) { min($0, $1) }
            if let bad = point.badSince {
                life.badCopies.merge(life.repositories.map { ($0, bad) }) { min($0, $1) }
            }
            lives[point.name] = life
        }
    }

    private mutating func add(_ record: RunRecord, _ repository: Int) {
        findings[repository, default: Findings()].add(record)
        switch record.event {
        case .backup(let run):
            guard let name = run.point, let instant = run.recoveryInstant else { return }
            guard let known = lives[name] else {
                lives[name] = Life(
                    recoveryInstant: instant,
                    committedAt: record.finished,
                    isKept: false,
                    repositories: [repository]
                )
                return
            }
            if !known.isKept { lives[name]?.repositories.insert(repository) }
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
            for removed in run.removedPoints { lives[removed.point]?.removedAt = record.finished }
            for gone in run.accepted ?? [] where gone.found == nil { lives[gone.point]?.removedAt = record.finished }
        case .hold, .sync: break
        }
    }

    private mutating func judge(_ points: [PointName], in repository: Int) {
        for point in points { lives[point]?.badCopies[repository] = findings[repository]?.lossInstant(of: point) }
    }

    /// Points that are neither in the repository nor were removed by a prune, nor accepted as gone.
    var vanished: [PointName] {
        lives.filter { !$0.value.isKept && $0.value.removedAt == nil }.keys.sorted()
    }

    /// The points as the exposure is measured on them; what is gone counts until it was removed.
    func exposurePoints(until end: Instant) -> [Exposure.Point] {
        lives.values.map { life in
            let gone = life.isKept ? nil : life.removedAt ?? end
            return Exposure.Point(
                // A database whose clock is ahead cannot have rows of the future.
                recoveryInstant: min(life.recoveryInstant, life.committedAt),
                committedAt: life.committedAt,
                knownBadSince: [life.badSince, gone].compactMap(\.self).min()
            )
        }
    }
}
