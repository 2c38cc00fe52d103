import Model

/// Keeps within a budget what a run reads again only because it is time; pure.
///
/// Nobody pays for the whole of a first backup at once when its time has come: what has waited longest is read, the rest is
/// put off and said so. One range is always read, or a budget below the size of a range would put it off for ever.
struct RereadBudget: Sendable {
    /// COPY text that a run may read again; nil for all that is due.
    var bytes: Int64?

    /// What had to be put off.
    struct Shortfall: Sendable, Hashable {
        var ranges = 0
        var bytes: Int64 = 0
    }

    /// Puts off, for the destination of that index, what is beyond the budget.
    func apply(to tasks: inout [RangeTask], destination: Int) -> Shortfall {
        var shortfall = Shortfall()
        guard let bytes else { return shortfall }
        let due = tasks.indices.compactMap { index -> (index: Int, range: TableRange)? in
            guard case .candidate(let range, isDue: true) = tasks[index].prospects[destination] else { return nil }
            return (index, range)
        }
        var spent: Int64 = 0
        for (index, range) in due.sorted(by: { ($0.range.readIn, $0.index) < ($1.range.readIn, $1.index) }) {
            guard shortfall.ranges > 0 || spent > 0 && spent + range.textBytes > bytes else {
                spent += max(1, range.textBytes)
                continue
            }
            tasks[index].prospects[destination] = .candidate(range, isDue: false)
            shortfall.ranges += 1
            shortfall.bytes += range.textBytes
        }
        return shortfall
    }
}

extension RereadBudget.Shortfall {
    /// A sentence for people; nil when nothing was put off.
    func notice(of budget: RereadBudget) -> String? {
        guard ranges > 0, let limit = budget.bytes else { return nil }
        let what = ranges == 1 ? "1 range" : "\(ranges) ranges"
        return "\(what) (\(ByteCount(bytes))) should have been read again by now and will be later: a run may read"
            + " \(ByteCount(limit)) for that"
    }
}
