import Streams

/// Reads a header line by line from a source, remembers its bytes, and hands on what it read too far.
final class HeaderReader: ByteSource {
    /// More than any real header; a hostile one must not fill the memory.
    static let headerLimit = 256 << 10

    private let source: any ByteSource
    private let buffer = IOBuffer(capacity: 4 << 10)
    private var start = 0
    private var end = 0

    /// The bytes of all lines so far, line feeds included.
    private(set) var headerBytes: [UInt8] = []

    init(_ source: any ByteSource) { self.source = source }

    /// The next line without its line feed.
    func readLine() throws -> ArraySlice<UInt8> {
        let lineStart = headerBytes.count
        while true {
            if start == end {
                start = 0
                end = try source.read(into: buffer.storage)
                guard end > 0 else { throw AgeFailure.header("it ends inside the header") }
            }
            let waiting = buffer.storage[start..<end]
            let lineFeed = waiting.firstIndex(of: 0x0A)
            headerBytes += waiting[..<(lineFeed.map { $0 + 1 } ?? end)]
            start = lineFeed.map { $0 + 1 } ?? end
            guard headerBytes.count <= Self.headerLimit else {
                throw AgeFailure.header("the header is longer than \(Self.headerLimit >> 10) KiB")
            }
            if lineFeed != nil { return headerBytes[lineStart..<headerBytes.count - 1] }
        }
    }

    /// What follows the header.
    func read(into output: UnsafeMutableRawBufferPointer) throws -> Int {
        guard start < end else { return try source.read(into: output) }
        let count = min(output.count, end - start)
        output.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer.storage[start..<start + count]))
        start += count
        return count
    }
}
