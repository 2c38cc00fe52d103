import Streams

/// A piece of an object on its way: filled by a writer, then only read until it is given back.
///
/// `@unchecked Sendable`: one thread fills it, and hands it over whole.
final class UploadPart: @unchecked Sendable {
    /// Five MiB is the least that S3 takes; ten thousand of these are far more than any archive.
    static let size = 8 << 20

    private let buffer = IOBuffer(capacity: UploadPart.size)
    private(set) var count = 0

    var isFull: Bool { count == Self.size }
    var filled: UnsafeRawBufferPointer { buffer.prefix(count) }

    func clear() { count = 0 }

    /// Takes as much as fits and returns how much that was.
    func append(_ bytes: UnsafeRawBufferPointer) -> Int {
        let taken = min(bytes.count, Self.size - count)
        if taken > 0 {
            UnsafeMutableRawBufferPointer(rebasing: buffer.storage[count...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<taken]))
        }
        count += taken
        return taken
    }
}

/// Delivers a part.
final class PartSource: ByteSource {
    private let part: UploadPart
    private var position = 0

    init(_ part: UploadPart) { self.part = part }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, part.count - position)
        guard count > 0 else { return 0 }
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: part.filled[position..<position + count]))
        position += count
        return count
    }
}
