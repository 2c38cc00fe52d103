import Model
import Synchronization

/// Pieces of archives that hold many small ranges, shared by all who read: neighbours lie in the same piece, and a store may
/// charge for each byte.
///
/// Any thread; keeps 4 MiB.
final class Stretches: Sendable {
    /// How long a piece is; a multiple of what age opens at a time.
    static let length: Int64 = 256 << 10
    private static let limit = 16

    private struct Key: Hashable {
        let archive: ArchiveID
        let position: Int
        let number: Int64
    }

    /// The newest last.
    private let kept = Mutex<[(key: Key, bytes: [UInt8])]>([])

    /// The bytes of `archive` from `number` times the length on, from the copy at `position`; `fetch` reads what is not there.
    ///
    /// Blocks while another thread fetches: mostly that very piece.
    func bytes(
        of archive: ArchiveID,
        at position: Int,
        _ number: Int64,
        fetch: () throws -> [UInt8]
    ) throws -> [UInt8] {
        let key = Key(archive: archive, position: position, number: number)
        return try kept.withLock { kept in
            if let place = kept.lastIndex(where: { $0.key == key }) {
                let known = kept.remove(at: place)
                kept.append(known)
                return known.bytes
            }
            let bytes = try fetch()
            if kept.count == Self.limit { kept.removeFirst() }
            kept.append((key, bytes))
            return bytes
        }
    }
}
