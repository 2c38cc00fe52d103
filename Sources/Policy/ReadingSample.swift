package import Model

/// Which archives a sampled verification reads now, so that every one is read again within a promised time.
///
/// Pure. The archives that were read longest ago come first. A run reads the share of the bytes that belongs to the time
/// since the run before it, which spreads the reading evenly, and in any case everything that would be overdue by the next
/// run. When that is to be expected follows from the runs before: one and a half times the longest time between two of
/// them, and a quarter of the promised time where nothing is known yet.
package struct ReadingSample: Sendable, Hashable {
    /// An archive, and when its bytes were last read, or written when they never were.
    package struct Item: Sendable, Hashable {
        package var id: ArchiveID
        package var bytes: Int64
        package var lastRead: Instant

        /// Creates an item.
        package init(id: ArchiveID, bytes: Int64, lastRead: Instant) {
            self.id = id
            self.bytes = bytes
            self.lastRead = lastRead
        }
    }

    /// What is read now, the longest unread first.
    package private(set) var chosen: [ArchiveID] = []
    /// How many were not read within the promised time: the promise was broken before this run.
    package let overdue: Int
    /// By when the next run must come so that the promise is kept; nil when nothing is stored.
    package private(set) var nextBefore: Instant?

    /// Decides; `earlier` are the sampled runs of the promised time, in any order.
    package init(_ items: [Item], within: Duration, earlier: [Instant], now: Instant) {
        let items = items.sorted { ($0.lastRead, $0.id.text) < ($1.lastRead, $1.id.text) }
        let limit = now - within
        overdue = items.count { $0.lastRead < limit }
        let times = (earlier.filter { $0 < now && $0 >= limit } + [now]).sorted()
        let gaps = zip(times.dropFirst(), times).map { $0 - $1 }
        let nextRun = now + (gaps.max().map { $0 + $0 / 2 } ?? within / 4)
        let elapsed = gaps.last ?? min(within, .seconds(86_400))
        let total = items.reduce(0) { $0 + $1.bytes }
        let share = Double(total) * min(1, elapsed / within)
        var read = 0.0
        for item in items {
            guard item.lastRead + within < nextRun || read < share else {
                nextBefore = min(item.lastRead, now) + within
                break
            }
            chosen.append(item.id)
            read += Double(item.bytes)
        }
        // Everything is read now: the promise holds from here.
        if nextBefore == nil, !items.isEmpty { nextBefore = now + within }
    }
}
