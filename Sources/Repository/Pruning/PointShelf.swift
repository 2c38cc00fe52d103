import Model
import Streams
import Synchronization

/// The points that this process has read or remembered, so that none is read twice; any thread.
final class PointShelf: Sendable {
    /// After this long a point is read again: what rotted in the store is noticed in time.
    static let trust = Duration.seconds(7 * 24 * 3600)

    struct Entry: Sendable {
        var point: KnownPoint
        /// By this machine's clock; one that was set back makes it read again.
        var read: Instant
    }

    private struct State {
        var entries: [PointName: Entry] = [:]
        var hasRecalled = false
    }

    private let state = Mutex(State())

    /// Runs `recall` the first time, to fill the shelf from what an earlier process wrote down.
    func recallOnce(_ recall: () throws -> [Entry]) rethrows {
        guard !state.withLock({ $0.hasRecalled }) else { return }
        let entries = try recall()
        state.withLock { state in
            state.hasRecalled = true
            for entry in entries where state.entries[entry.point.name] == nil {
                state.entries[entry.point.name] = entry
            }
        }
    }

    func point(_ listing: PointListing) -> KnownPoint? {
        guard let entry = state.withLock({ $0.entries[listing.name] }), entry.point.isSame(as: listing) else {
            return nil
        }
        let age = Instant.now - entry.read
        return age >= .seconds(-60) && age < Self.trust ? entry.point : nil
    }

    func put(_ point: KnownPoint, read: Instant) {
        state.withLock { $0.entries[point.name] = Entry(point: point, read: read) }
    }

    func entry(_ name: PointName) -> Entry? { state.withLock { $0.entries[name] } }
}
