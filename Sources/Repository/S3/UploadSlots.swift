import Streams

/// A bound on the parts that are on their way to one store.
final class UploadSlots: Sendable {
    private let limit: Int
    private let taken = Monitor(0)

    init(_ limit: Int) { self.limit = max(1, limit) }

    /// Blocks until one more part may be sent; `leave()` follows when it is done.
    func enter() { taken.when({ $0 < limit }) { $0 += 1 } }

    func leave() { taken.change { $0 -= 1 } }
}
