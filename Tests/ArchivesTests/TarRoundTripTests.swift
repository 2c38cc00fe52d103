import Archives
import Diagnostics
import Streams
import Testing

@Suite("Tar")
struct TarRoundTripTests {
    @Test("every entry comes back with its name and bytes")
    func roundTrip() throws {
        let samples = try Sample.some()
        #expect(try untar(tar(samples).bytes, expectsEndMarker: true) == samples)
    }

    @Test("an archive without entries is an archive")
    func empty() throws {
        let bytes = try tar([]).bytes
        #expect(bytes == [UInt8](repeating: 0, count: 1024))
        #expect(try untar(bytes, expectsEndMarker: true).isEmpty)
    }

    @Test("the same entries always give the same bytes")
    func deterministic() throws {
        #expect(try tar(Sample.some()).bytes == tar(Sample.some()).bytes)
    }

    @Test("the recorded range of an entry is all that reading it back needs")
    func ranges() throws {
        let samples = try Sample.some()
        let (bytes, ranges) = try tar(samples)
        #expect(ranges.first?.lowerBound == 0)
        #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        #expect(ranges.last.map { Int($0.upperBound) + 1024 } == bytes.count)
        for first in ranges.indices {
            for last in first..<ranges.count {
                let part = bytes[Int(ranges[first].lowerBound)..<Int(ranges[last].upperBound)]
                #expect(try untar(Array(part), expectsEndMarker: false) == Array(samples[first...last]))
            }
        }
    }

    @Test("a range that is cut anywhere never looks complete")
    func cutRange() throws {
        let samples = try Sample.some().dropLast()
        let (bytes, ranges) = try tar(Array(samples))
        let whole = bytes.prefix(Int(ranges[4].upperBound))
        let ends = Set([0] + ranges.map { Int($0.upperBound) })
        for length in 0...whole.count where !ends.contains(length) {
            let failure = #expect(throws: Diagnostic.self, "cut after \(length) bytes") {
                try untar(Array(whole.prefix(length)), expectsEndMarker: false)
            }
            #expect(failure?.code == .objectCorrupt)
        }
    }

    @Test("a whole archive that is cut anywhere never looks complete")
    func cutArchive() throws {
        let bytes = try tar(Array(Sample.some().dropLast())).bytes
        for length in 0..<bytes.count {
            let failure = #expect(throws: Diagnostic.self, "cut after \(length) bytes") {
                try untar(Array(bytes.prefix(length)), expectsEndMarker: true)
            }
            #expect(failure?.code == .objectCorrupt)
        }
    }

    @Test("a range that runs on, and an archive with something behind its end, are refused")
    func trailing() throws {
        let samples = try Sample.some()
        let (bytes, ranges) = try tar(samples)
        let end = Int(ranges[ranges.count - 1].upperBound)
        #expect(throws: Diagnostic.self) { try untar(bytes, expectsEndMarker: false) }
        #expect(throws: Diagnostic.self) { try untar(Array(bytes.prefix(end + 512)), expectsEndMarker: false) }
        #expect(throws: Diagnostic.self) { try untar(bytes + [1], expectsEndMarker: true) }
        #expect(throws: Diagnostic.self) { try untar(bytes + bytes, expectsEndMarker: true) }
        #expect(try untar(bytes + [UInt8](repeating: 0, count: 9000), expectsEndMarker: true) == samples)
    }

    @Test("an entry that is not read is passed over")
    func skipping() throws {
        let samples = try Sample.some()
        let reader = try TarReader(from: MemorySource(tar(samples).bytes), named: "test", expectsEndMarker: true)
        var names: [String] = []
        while let entry = try reader.next() { names.append(entry.name) }
        #expect(names == samples.map(\.name))
        #expect(try reader.next() == nil)
    }

    @Test("an entry written piece by piece equals one written at once")
    func streaming() throws {
        let sample = try Sample.some()[5]
        let sink = MemorySink()
        let writer = try TarWriter(into: sink, named: "test")
        try writer.beginEntry(name: sample.name, size: Int64(sample.bytes.count))
        for start in stride(from: 0, to: sample.bytes.count, by: 999) {
            try writer.write(contentsOf: Array(sample.bytes[start..<min(start + 999, sample.bytes.count)]))
        }
        #expect(try writer.endEntry() == 0..<Int64(sink.bytes.count))
        try writer.finish()
        #expect(sink.isFinished)
        #expect(try sink.bytes == tar([sample]).bytes)
    }

    @Test("an entry of another size than announced is refused, and the archive with it", arguments: [99, 101])
    func wrongSize(size: Int) throws {
        let sink = MemorySink()
        let writer = try TarWriter(into: sink, named: "test")
        try writer.beginEntry(name: "large-objects/00000000-0000.copy.zst", size: 100)
        #expect(throws: Diagnostic.self) {
            try writer.write(contentsOf: [UInt8](repeating: 7, count: size))
            try writer.endEntry()
        }
        #expect(throws: Diagnostic.self) { try writer.finish() }
        #expect(!sink.isFinished)
    }

    @Test("a writer dropped before finishing leaves no end marker")
    func abandoned() throws {
        let sink = MemorySink()
        let sample = try Sample.some()[2]
        let (_, ranges) = try tar([sample])
        do {
            let writer = try TarWriter(into: sink, named: "test")
            try sample.bytes.withUnsafeBytes { _ = try writer.writeEntry(name: sample.name, $0) }
        }
        #expect(sink.bytes.count == Int(ranges[0].upperBound))
        #expect(!sink.isFinished)
        #expect(throws: Diagnostic.self) { try untar(sink.bytes, expectsEndMarker: true) }
    }

    @Test("a sink's own failure is what the writer throws")
    func sinkFailure() throws {
        for room in [0, 512, 600, 1024] {
            let writer = try TarWriter(into: FullSink(room: room), named: "test")
            #expect(throws: FullSink.Full.self) {
                try writer.beginEntry(name: "large-objects/00000000-0000.copy.zst", size: 100)
                try writer.write(contentsOf: [UInt8](repeating: 7, count: 100))
                try writer.endEntry()
                try writer.finish()
            }
        }
    }

    @Test("a source's own failure is what the reader throws, every time")
    func sourceFailure() throws {
        let bytes = try tar(Sample.some()).bytes
        for room in [0, 100, 600, 70_000] {
            let reader = try? TarReader(
                from: BrokenSource(Array(bytes.prefix(room))),
                named: "test",
                expectsEndMarker: true
            )
            for _ in 0..<2 {
                #expect(throws: BrokenSource.Broken.self) {
                    guard let reader else { throw BrokenSource.Broken() }
                    while try reader.next() != nil { _ = try reader.readAll(limit: 1 << 20) }
                }
            }
        }
    }
}

extension TarWriter {
    fileprivate func write(contentsOf bytes: [UInt8]) throws { try write(bytes.span.bytes) }
}

/// A sink with room for a number of bytes.
private final class FullSink: ByteSink {
    struct Full: Error {}
    private var room: Int
    init(room: Int) { self.room = room }

    func write(_ bytes: RawSpan) throws {
        guard bytes.byteCount <= room else { throw Full() }
        room -= bytes.byteCount
    }

    func finish() throws {}
}

/// A source that fails after its bytes.
private final class BrokenSource: ByteSource {
    struct Broken: Error {}
    private let bytes: MemorySource
    init(_ bytes: [UInt8]) { self.bytes = MemorySource(bytes) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try bytes.read(into: buffer)
        guard count > 0 else { throw Broken() }
        return count
    }
}
