import Streams
import Testing

@Suite("Sinks and sources")
struct ByteStreamTests {
    @Test("a counter counts what the next sink took, and nothing that it refused")
    func counter() throws {
        let sink = MemorySink()
        let progress = ProgressCounter()
        let counter = ByteCounter(into: sink, progress: progress)
        try counter.write(text: "12345")
        try counter.write(text: "")
        try counter.write(text: "678")
        try counter.finish()
        #expect(counter.count == 8 && progress.value == 8)
        #expect(sink.bytes == Array("12345678".utf8) && sink.isFinished)

        let refusing = ByteCounter(into: RefusingSink())
        #expect(throws: RefusingSink.Refused.self) { try refusing.write(text: "x") }
        #expect(refusing.count == 0)
    }

    @Test("a source is copied whole, but only what the reader is willing to hold")
    func copying() throws {
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let sink = MemorySink()
        try MemorySource(bytes).copy(into: sink)
        #expect(sink.bytes == bytes && !sink.isFinished)
        #expect(try MemorySource(bytes).readAll(limit: bytes.count) == bytes)
        #expect(throws: SourceTooLarge.self) { try MemorySource(bytes).readAll(limit: bytes.count - 1) }
    }

    @Test("reading fully fills the buffer unless the source ends")
    func readingFully() throws {
        let source = DribblingSource(MemorySource([1, 2, 3, 4, 5]))
        let buffer = IOBuffer(capacity: 3)
        #expect(try source.readFully(into: buffer.storage) == 3)
        #expect(try source.readFully(into: buffer.storage) == 2)
        #expect(Array(buffer.prefix(2)) == [4, 5])
        #expect(try source.readFully(into: buffer.storage) == 0)
    }
}

private final class RefusingSink: ByteSink {
    struct Refused: Error {}
    func write(_ bytes: RawSpan) throws { throw Refused() }
    func finish() throws {}
}

/// Delivers one byte at a time.
private final class DribblingSource: ByteSource {
    private let next: any ByteSource
    init(_ next: any ByteSource) { self.next = next }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try next.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(1)))
    }
}
