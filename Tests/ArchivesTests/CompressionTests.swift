import Compression
import Diagnostics
import Streams
import Testing

@Suite("Compression")
struct CompressionTests {
    private static let sizes = [0, 1, 1000, 131_072, 1_000_003]

    @Test("a member comes back, with a context that has served before", arguments: [1, 3, 19])
    func members(level: Int) throws {
        let compressor = try MemberCompressor(level: level)
        let decompressor = try MemberDecompressor()
        for size in Self.sizes {
            let text = copyText(bytes: size)
            let frame = try compress(text, with: compressor)
            #expect(try frame.withUnsafeBytes { try MemberDecompressor.claimedSize(of: $0, named: "m") } == size)
            #expect(try decompress(frame, room: size, with: decompressor) == text)
            let source = try decompressor.source(over: MemorySource(frame), named: "m", limit: size)
            #expect(try source.readAll(limit: size) == text)
        }
    }

    @Test("a stream comes back, whatever the sizes of its pieces", arguments: [1, 777, 300_000])
    func stream(piece: Int) throws {
        let text = copyText(bytes: 200_000)
        let sink = MemorySink()
        let compressor = try ZstdCompressor(level: 3, into: sink)
        for start in stride(from: 0, to: text.count, by: piece) {
            try compressor.write(contentsOf: Array(text[start..<min(start + piece, text.count)]))
        }
        try compressor.finish()
        #expect(sink.isFinished)
        #expect(try expand(sink.bytes) == text)
        #expect(try expand(sink.bytes, buffer: 1) == text)
    }

    @Test("frames that follow each other are one content")
    func concatenated() throws {
        let compressor = try MemberCompressor()
        let frames = try ["first ", "", "second"].flatMap { try compress(Array($0.utf8), with: compressor) }
        #expect(try expand(frames) == Array("first second".utf8))
    }

    @Test("content that is cut anywhere never looks complete")
    func truncated() throws {
        let frame = try compress(copyText(bytes: 3000), with: MemberCompressor())
        let decompressor = try MemberDecompressor()
        for length in 0..<frame.count {
            let cut = Array(frame.prefix(length))
            for attempt in [{ try expand(cut) }, { try decompress(cut, room: 3000, with: decompressor) }] {
                let failure = #expect(throws: Diagnostic.self, "cut after \(length) bytes") { try attempt() }
                #expect(failure?.code == .objectCorrupt)
            }
        }
    }

    @Test("one flipped bit is never delivered as if it were right")
    func flipped() throws {
        let text = copyText(bytes: 3000)
        let frame = try compress(text, with: MemberCompressor())
        let decompressor = try MemberDecompressor()
        for bit in 0..<frame.count * 8 {
            var damaged = frame
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            // Some bits change nothing (a reserved one, say); what must not happen is other content.
            if let content = try? expand(damaged) { #expect(content == text, "bit \(bit)") }
            if let content = try? decompress(damaged, room: 3000, with: decompressor) {
                #expect(content == text, "bit \(bit)")
            }
        }
    }

    @Test("content beyond the limit is refused, and content of exactly the limit is not")
    func bomb() throws {
        let zeros = [UInt8](repeating: 0, count: 4 << 20)
        let frame = try compress(zeros, with: MemberCompressor())
        #expect(frame.count < 2000)
        #expect(try expand(frame, limit: zeros.count).count == zeros.count)
        for limit in [0, 1, 1000, zeros.count - 1] {
            let failure = #expect(throws: Diagnostic.self) { try expand(frame, limit: limit) }
            #expect(failure?.cause == "it expands beyond \(limit) bytes")
        }
        let decompressor = try MemberDecompressor()
        #expect(throws: Diagnostic.self) { try decompress(frame, room: zeros.count - 1, with: decompressor) }
        // The context is as good as new after a refusal.
        #expect(try decompress(frame, room: zeros.count, with: decompressor) == zeros)
    }

    @Test("a frame that asks for a window above 64 MiB is refused before it gets one")
    func window() throws {
        // Magic, no content size, window descriptor 2^(10 + exponent), one empty last block of raw bytes.
        func frame(windowLog: UInt8) -> [UInt8] {
            [0x28, 0xb5, 0x2f, 0xfd, 0x00, (windowLog - 10) << 3, 0x01, 0x00, 0x00]
        }
        #expect(try expand(frame(windowLog: 26)).isEmpty)
        let failure = #expect(throws: Diagnostic.self) { try expand(frame(windowLog: 27)) }
        #expect(failure?.code == .objectCorrupt)
        #expect(failure?.cause == "zstd: frame requires too much memory for decoding")
    }

    @Test("bytes behind a member, and content that is no frame, are refused")
    func foreign() throws {
        let frame = try compress([1, 2, 3], with: MemberCompressor())
        let decompressor = try MemberDecompressor()
        for bytes in [frame + [0], frame + frame, Array("plain text".utf8)] {
            #expect(throws: Diagnostic.self) { try decompress(bytes, room: 100, with: decompressor) }
        }
        #expect(throws: Diagnostic.self) { try expand(frame + [1]) }
        #expect(throws: Diagnostic.self) { try expand(Array("plain text".utf8)) }
    }

    @Test("output that is too small is an error, not a cut")
    func smallOutput() throws {
        let text = copyText(bytes: 10_000)
        let output = IOBuffer(capacity: 100)
        let compressor = try MemberCompressor()
        #expect(throws: Diagnostic.self) {
            try text.withUnsafeBytes { try compressor.compress($0, into: output.storage) }
        }
    }
}

private func compress(_ bytes: [UInt8], with compressor: MemberCompressor) throws -> [UInt8] {
    let output = IOBuffer(capacity: MemberCompressor.bound(bytes.count))
    let count = try bytes.withUnsafeBytes { try compressor.compress($0, into: output.storage) }
    return Array(output.prefix(count))
}

private func decompress(_ frame: [UInt8], room: Int, with decompressor: MemberDecompressor) throws -> [UInt8] {
    let output = IOBuffer(capacity: room)
    let count = try frame.withUnsafeBytes { try decompressor.decompress($0, into: output.storage, named: "m") }
    return Array(output.prefix(count))
}

/// Reads a stream to its end, `buffer` bytes at a time.
private func expand(_ bytes: [UInt8], limit: Int = .max, buffer size: Int = 5000) throws -> [UInt8] {
    let source = try ZstdDecompressor(from: MemorySource(bytes), named: "m", limit: limit)
    let buffer = IOBuffer(capacity: size)
    var result: [UInt8] = []
    while case let count = try source.read(into: buffer.storage), count > 0 { result += buffer.prefix(count) }
    return result
}
