import Synchronization

/// The records that this process has read: they never change, and a prune folds them several times.
///
/// Any thread.
final class RecordShelf: Sendable {
    /// Beyond this many they are read again rather than held in memory.
    private static let limit = 20_000

    private let entries = Mutex<[ObjectKey: (info: ObjectInfo, record: StoredRecord)]>([:])

    /// The record that a listing shows, if it was read with the same size and time.
    func record(_ info: ObjectInfo) -> StoredRecord? {
        entries.withLock { $0[info.key].flatMap { $0.info == info ? $0.record : nil } }
    }

    func put(_ record: StoredRecord, _ info: ObjectInfo) {
        entries.withLock { if $0.count < Self.limit { $0[info.key] = (info, record) } }
    }
}
