import Model
import Synchronization

/// Pieces of archives that hold small ranges, shared by all who read: neighbours lie in the same piece, and a store may
/// charge for each byte.
///
/// Any thread; keeps 8 MiB.
final class Stretches: Sendable {
    /// How long a piece is; a multiple of what age opens at a time.
    static let length: Int64 = 512 << 10
    private static let limit = 16

    private struct Key: Hashable {
        let archive: ArchiveID
        let position: Int
        let number: Int64
    }

    private final class Piece: Sendable {
        let bytes = Mutex<[UInt8]?>(nil)
    }

    /// The newest last.
    private let kept = Mutex<[(key: Key, piece: Piece)]>([])

    /// The bytes of `archive` from `number` times the length on, from the copy at `position`; `fetch` reads what is not there.
    ///
    /// Blocks while another thread fetches that very piece.
    func bytes(
        of archive: ArchiveID,
        at position: Int,
        _ number: Int64,
        fetch: () throws -> [UInt8]
    ) throws -> [UInt8] {
        try piece(Key(archive: archive, position: position, number: number)).bytes.withLock { bytes in
            if let bytes { return bytes }
            let fetched = try fetch()
            bytes = fetched
            return fetched
        }
    }

    private func piece(_ key: Key) -> Piece {
        kept.withLock { kept in
            let piece: Piece
            if let place = kept.lastIndex(where: { $0.key == key }) {
                piece = kept.remove(at: place).piece
            } else {
                if kept.count == Self.limit { kept.removeFirst() }
                piece = Piece()
            }
            kept.append((key, piece))
            return piece
        }
    }
}
