import Streams
import Synchronization

extension Repository {
    /// What `body` returns for each item, in the items' order; the first error ends it.
    ///
    /// Several run at once, each on a thread of its own, where the store waits for a network, but no more than
    /// `atMost`: so many may be in memory. Blocks until all have ended.
    package func each<Item: Sendable, Value: Sendable>(
        _ items: [Item],
        atMost: Int = .max,
        _ body: @escaping @Sendable (Item) throws -> Value
    ) throws -> [Value] {
        let workers = min(store.usefulConcurrency, atMost, items.count)
        guard workers > 1 else { return try items.map(body) }
        let values = Mutex<[Int: Value]>([:])
        try runWorkers(Array(items.enumerated()), workerCount: workers, stop: Stop(), makeWorker: { $0 }) {
            (_: inout Int, item: (offset: Int, element: Item)) in
            let value = try body(item.element)
            values.withLock { $0[item.offset] = value }
        } finishWorker: { _ in
        }
        return values.withLock { values in items.indices.compactMap { values[$0] } }
    }

    /// The same for points: few at once where their indexes are large.
    package func eachPoint<Value: Sendable>(
        _ listings: [PointListing],
        _ body: @escaping @Sendable (PointListing) throws -> Value
    ) throws -> [Value] {
        let largest = listings.map(\.bytes).max() ?? 0
        return try each(listings, atMost: max(1, Int(Self.bytesAtOnce / max(1, largest))), body)
    }

    /// Of points as they are stored; an index is several times as large when it is read.
    private static let bytesAtOnce: Int64 = 4 << 20
}
