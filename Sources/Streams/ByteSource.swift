/// Something bytes are pulled from.
///
/// A source belongs to one thread. It never returns bytes that it knows to be bad: a failed check throws instead.
package protocol ByteSource: AnyObject {
    /// Fills the start of `buffer` and returns how many bytes it wrote; 0 means the end, and only the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

extension ByteSource {
    /// Pushes everything that is left into `sink`, 64 KiB at a time; does not finish it.
    package func copy(into sink: any ByteSink) throws {
        let buffer = IOBuffer(capacity: 64 << 10)
        while case let count = try read(into: buffer.storage), count > 0 {
            try sink.write(UnsafeRawBufferPointer(rebasing: buffer.storage[..<count]).bytes)
        }
    }

    /// Everything that is left, refusing more than `limit` bytes: for small objects only.
    package func readAll(limit: Int) throws -> [UInt8] {
        let buffer = IOBuffer(capacity: 64 << 10)
        var result: [UInt8] = []
        while case let count = try read(into: buffer.storage), count > 0 {
            guard result.count + count <= limit else { throw SourceTooLarge(limit: limit) }
            result.append(contentsOf: buffer.storage[..<count])
        }
        return result
    }

    /// Fills `buffer` completely unless the source ends first; returns the bytes read.
    package func readFully(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        while filled < buffer.count {
            let count = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            if count == 0 { break }
            filled += count
        }
        return filled
    }
}

/// A source delivered more than its reader was willing to hold.
package struct SourceTooLarge: Error {
    package let limit: Int
}

/// A source over an array.
package final class MemorySource: ByteSource {
    private let bytes: [UInt8]
    private var position = 0

    /// Creates a source that delivers `bytes`.
    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = min(buffer.count, bytes.count - position)
        guard count > 0 else { return 0 }
        bytes.withUnsafeBytes {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[position..<position + count]))
        }
        position += count
        return count
    }
}
