package import Model

extension CopyCoverage {
    /// Looks at every point at the end of its time as the newest; counts those whose time ended after `from`.
    ///
    /// Points may come in any order; those committed after `to` are ignored.
    package static func measure(
        _ points: [Point],
        target: Int,
        notExamined: [String] = [],
        from: Instant,
        to: Instant
    ) -> CopyCoverage {
        let end = max(from, to)
        var coverage = CopyCoverage(target: target, notExamined: notExamined)
        var walk = Walk()
        let commits = points.filter { $0.committedAt <= end }.sorted { $0.committedAt < $1.committedAt }
        for point in commits {
            if let newest = walk.newest(at: point.committedAt, isEnd: false) {
                coverage.judge(newest, at: point.committedAt, isEnd: false, from)
            }
            walk.add(point)
        }
        if let newest = walk.newest(at: end, isEnd: true) {
            coverage.judge(newest, at: end, isEnd: true, from)
        } else if !commits.isEmpty {
            // There were points, and no copy of any is good.
            coverage.current = 0
        }
        return coverage
    }

    private mutating func judge(_ point: Point, at moment: Instant, isEnd: Bool, _ from: Instant) {
        let count = point.count(at: moment, isEnd: isEnd)
        let isShort = count + notExamined.count < target
        if isEnd { current = count }
        if isShort {
            lasting = Stretch(from: lasting?.from ?? point.shortSince(of: target, by: moment, isEnd: isEnd), to: moment)
        } else if var ended = lasting {
            // It lasted until the next point had reached its repositories; an older one, which is the newest again, had before.
            ended.to = max(ended.to, min(moment, point.reached(target) ?? moment))
            close(ended, from)
            lasting = nil
        }
        guard moment > from else { return }
        points += 1
        if isShort { short += 1 } else if count < target { uncertain += 1 }
        if isEnd, let lasting { close(lasting, from) }
    }

    private mutating func close(_ stretch: Stretch, _ from: Instant) {
        guard stretch.to > from else { return }
        let isLonger = worst.map { $0.length <= stretch.length } ?? true
        if isLonger { worst = stretch }
    }
}

extension CopyCoverage.Stretch {
    fileprivate var length: Duration { from.map { to - $0 } ?? .zero }
}

extension CopyCoverage.Point {
    /// In how many repositories a good copy lies; what was lost is known to be gone at the end only.
    fileprivate func count(at moment: Instant, isEnd: Bool) -> Int {
        copies.count { copy in
            copy.committedAt <= moment && (copy.goneSince.map { $0 > moment } ?? true) && !(isEnd && copy.isLost)
        }
    }

    /// When it first lay in so many repositories; nil when it never did.
    fileprivate func reached(_ target: Int) -> Instant? {
        copies.map(\.committedAt).sorted().first { count(at: $0, isEnd: false) >= target }
    }

    /// The beginning of the time, lasting at `moment`, with too few; nil when a copy was lost and nobody knows when.
    fileprivate func shortSince(of target: Int, by moment: Instant, isEnd: Bool) -> Instant? {
        let changes = (copies.map(\.committedAt) + copies.compactMap(\.goneSince)).filter { $0 <= moment }.sorted()
        guard let enough = changes.last(where: { count(at: $0, isEnd: false) >= target }) else { return committedAt }
        return changes.first { $0 > enough }
    }
}

/// The points that were committed so far, the newest state last.
private struct Walk {
    private var points: [CopyCoverage.Point] = []

    mutating func add(_ point: CopyCoverage.Point) {
        // Commits come nearly in the order of their states, so this looks at few.
        let older = points.lastIndex { $0.recoveryInstant <= point.recoveryInstant }
        points.insert(point, at: older.map { $0 + 1 } ?? 0)
    }

    /// The newest point with a good copy.
    func newest(at moment: Instant, isEnd: Bool) -> CopyCoverage.Point? {
        points.last { $0.count(at: moment, isEnd: isEnd) > 0 }
    }
}
