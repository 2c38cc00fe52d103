import Streams

/// A piece of an object on its way: filled by a writer, then only read until it is given back.
///
/// `@unchecked Sendable`: one thread fills it, and hands it over whole.
final class UploadPart: @unchecked Sendable {
    /// The least that S3 takes of all parts but the last; ten thousand of them, which is the most, are 48 GiB.
    static let size = 5 << 20

    private let memory: UploadMemory
    private var blocks: [UploadBlock] = []
    private(set) var count = 0

    init(in memory: UploadMemory) { self.memory = memory }

    deinit { memory.giveBack(blocks) }

    var isFull: Bool { count == Self.size }

    /// Takes as much as fits into its last block, or a new one, and returns how much that was; waits for memory.
    func append(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard !isFull, !bytes.isEmpty else { return 0 }
        let start = count % UploadBlock.size
        if start == 0 { blocks.append(memory.take()) }
        let room = UnsafeMutableRawBufferPointer(rebasing: blocks[blocks.count - 1].storage[start...])
        let taken = min(bytes.count, room.count)
        room.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<taken]))
        count += taken
        return taken
    }

    /// Its bytes, a block at a time.
    func forEachPiece(_ body: (UnsafeRawBufferPointer) -> Void) {
        var position = 0
        while position < count {
            let piece = piece(at: position)
            body(piece)
            position += piece.count
        }
    }

    /// The bytes from `position` to the end of their block.
    func piece(at position: Int) -> UnsafeRawBufferPointer {
        guard position < count else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let start = position % UploadBlock.size
        let end = min(UploadBlock.size, start + count - position)
        return UnsafeRawBufferPointer(rebasing: blocks[position / UploadBlock.size].storage[start..<end])
    }

    /// Says that it is on its way; `land()` follows when nobody reads it any more.
    func launch() { memory.launch() }

    /// Ends the way and gives its memory back.
    func land() {
        memory.land(blocks)
        blocks = []
        count = 0
    }
}

/// Delivers a part.
final class PartSource: ByteSource {
    private let part: UploadPart
    private var position = 0

    init(_ part: UploadPart) { self.part = part }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let piece = part.piece(at: position)
        let count = min(buffer.count, piece.count)
        guard count > 0 else { return 0 }
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: piece[..<count]))
        position += count
        return count
    }
}
