package import Model

extension Exposure {
    /// Measures the exposure from `from` to `to` against an optional objective.
    ///
    /// Points may come in any order; those committed after `to` are ignored. Takes n log n steps unless points go bad, then
    /// one more pass for each that was the newest.
    package static func measure(_ points: [Point], from: Instant, to: Instant, rpo: Duration? = nil) -> Exposure {
        let end = max(from, to)
        let counted = points.filter { point in
            point.committedAt <= end && (point.knownBadSince.map { $0 > point.committedAt } ?? true)
        }
        var exposure = Exposure(
            from: from,
            to: end,
            protectedSince: counted.map(\.committedAt).min(),
            unprotectedBefore: .zero,
            unprotectedAfter: .zero,
            withinObjective: rpo.map { _ in .zero }
        )
        var walk = Walk(points: counted)
        var position = from
        walk.advance(to: from)
        while position < end {
            let next = min(end, walk.nextChange ?? end)
            exposure.add(from: position, to: next, newest: walk.newest, rpo: rpo)
            walk.advance(to: next)
            position = next
        }
        exposure.current = walk.newest.map { max(.zero, end - $0) }
        if exposure.worst == nil, let current = exposure.current { exposure.worst = Peak(exposure: current, at: end) }
        return exposure
    }

    /// Adds a stretch of time during which the newest point did not change.
    private mutating func add(from start: Instant, to end: Instant, newest: Instant?, rpo: Duration?) {
        guard let newest else {
            let isBefore = protectedSince.map { end <= $0 } ?? true
            if isBefore {
                unprotectedBefore += end - start
            } else {
                unprotectedAfter += end - start
                if rpo != nil { exceed(from: start, to: end) }
            }
            return
        }
        let peak = max(.zero, end - newest)
        if worst.map({ peak > $0.exposure }) ?? true { worst = Peak(exposure: peak, at: end) }
        guard let rpo else { return }
        let limit = newest + rpo
        withinObjective = (withinObjective ?? .zero) + max(.zero, min(end, limit) - start)
        if limit < end { exceed(from: max(start, limit), to: end) }
    }

    /// Goes on with the last breach where there is no time in between.
    private mutating func exceed(from start: Instant, to end: Instant) {
        if let last = breaches.indices.last, breaches[last].to == start {
            breaches[last].to = end
        } else {
            breaches.append(Breach(from: start, to: end))
        }
    }
}

/// Walks through the moments at which the newest good point changes.
private struct Walk {
    private let commits: [Exposure.Point]
    private let endings: [Exposure.Point]
    private var committed = 0
    private var ended = 0
    /// The recovery instant of the newest good point; nil when there is none.
    private(set) var newest: Instant?

    init(points: [Exposure.Point]) {
        commits = points.sorted { $0.committedAt < $1.committedAt }
        endings = points.filter { $0.knownBadSince != nil }.sorted { Self.end(of: $0) < Self.end(of: $1) }
    }

    private static func end(of point: Exposure.Point) -> Instant {
        point.knownBadSince ?? Instant(microsecondsSinceEpoch: .max)
    }

    /// The next moment at which a point appears or goes bad.
    var nextChange: Instant? {
        let commit = committed < commits.count ? commits[committed].committedAt : nil
        let ending = ended < endings.count ? Self.end(of: endings[ended]) : nil
        return [commit, ending].compactMap { $0 }.min()
    }

    /// Takes over everything that happened by `moment`.
    mutating func advance(to moment: Instant) {
        while committed < commits.count, commits[committed].committedAt <= moment {
            let candidate = commits[committed]
            committed += 1
            guard Self.end(of: candidate) > moment else { continue }
            newest = max(newest ?? candidate.recoveryInstant, candidate.recoveryInstant)
        }
        var lostNewest = false
        while ended < endings.count, Self.end(of: endings[ended]) <= moment {
            lostNewest = lostNewest || endings[ended].recoveryInstant == newest
            ended += 1
        }
        guard lostNewest else { return }
        newest = commits[..<committed].filter { Self.end(of: $0) > moment }.map(\.recoveryInstant).max()
    }
}
