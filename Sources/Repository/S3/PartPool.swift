import Streams

/// The memory of all uploads to one store: parts to fill, and a bound on those that are on their way.
///
/// Memory is one part for every writer that is open plus `limit` parts, however slow the store is. A writer always gets a
/// part to fill, so that two writers of one thread cannot wait for each other.
final class PartPool: Sendable {
    /// More than this would not fit beside everything else into what a backup may take.
    private static let byteLimit = 48 << 20

    private struct State: Sendable {
        var inFlight = 0
        var free: [UploadPart] = []
    }

    private let limit: Int
    private let state = Monitor(State())

    init(partsInFlight: Int) { limit = max(1, min(partsInFlight, Self.byteLimit / UploadPart.size)) }

    /// An empty part.
    func take() -> UploadPart {
        let part = state.change { $0.free.popLast() } ?? UploadPart()
        part.clear()
        return part
    }

    func giveBack(_ part: UploadPart) {
        state.change { state in
            if state.free.count < limit { state.free.append(part) }
        }
    }

    /// Blocks until one more part may be sent; `leave()` follows when it is done.
    func enter() { state.when({ $0.inFlight < limit }) { $0.inFlight += 1 } }

    func leave() { state.change { $0.inFlight -= 1 } }
}
