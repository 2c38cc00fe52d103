import Streams

/// The plaintext of the chunk being read, and how much of it has been handed out.
final class OpenedChunk {
    private let buffer = IOBuffer(capacity: PayloadLayout.chunkSize)
    private var start = 0
    private var end = 0
    /// Kept, so that a reader who goes on after an error gets the error again and never what lies behind the bad chunk.
    private var failure: (any Error)?

    var isUsedUp: Bool { start == end }

    /// Replaces the chunk by what `open` writes; nothing is readable when it throws.
    func refill(_ open: (UnsafeMutableRawBufferPointer) throws -> Int) throws {
        start = 0
        end = 0
        if let failure { throw failure }
        do {
            end = try open(buffer.storage)
        } catch {
            failure = error
            throw error
        }
    }

    /// Leaves out the first bytes.
    func skip(_ count: Int) { start = min(end, start + count) }

    /// Hands out as much as there is and fits.
    func take(into output: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(output.count, end - start)
        guard count > 0 else { return 0 }
        output.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer.storage[start..<start + count]))
        start += count
        return count
    }
}
