import Diagnostics
import Streams
import Synchronization
import Testing

@testable import AgeEncryption

@Suite("reading parts of an age file")
struct RangeReaderTests {
    /// A stored object that notes which bytes were fetched.
    private final class StoredObject: Sendable {
        let bytes: [UInt8]
        let fetched = Mutex<[Range<Int64>]>([])

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        func reader(for identity: X25519Identity, claimedLength: Int64? = nil) throws -> AgeRangeReader {
            let length = claimedLength ?? Int64(bytes.count)
            return try AgeRangeReader(identities: [identity], ciphertextLength: length, named: "archive.tar.age") {
                range in
                self.fetched.withLock { $0.append(range) }
                let lower = min(Int(range.lowerBound), self.bytes.count)
                return MemorySource(Array(self.bytes[lower..<min(Int(range.upperBound), self.bytes.count)]))
            }
        }
    }

    private let identity: X25519Identity

    init() throws { identity = try .generate() }

    private func object(_ plaintext: [UInt8]) throws -> StoredObject {
        StoredObject(try encrypted(plaintext, to: [identity.recipient]))
    }

    @Test("a range is the slice of the whole, wherever it starts and ends", arguments: sizesAroundChunkBorders)
    func slices(size: Int) throws {
        let plaintext = sampleBytes(size)
        let reader = try object(plaintext).reader(for: identity)
        #expect(reader.plaintextLength == Int64(size))
        let places = ([0, 1, 100, size / 2, size - 1, size] + sizesAroundChunkBorders).filter {
            (0...size).contains($0)
        }
        for lower in places {
            for upper in places where lower <= upper {
                let part = try reader.source(for: Int64(lower)..<Int64(upper)).readAll(limit: size)
                #expect(part[...] == plaintext[lower..<upper], "\(lower)..<\(upper)")
            }
        }
        try reader.checkEnd()
    }

    @Test("only the chunks that hold the range are fetched")
    func frugality() throws {
        let object = try object(sampleBytes(20 * 65_536))
        let reader = try object.reader(for: identity)
        object.fetched.withLock { $0 = [] }
        _ = try reader.source(for: 65_536 * 5 + 10..<65_536 * 6).readAll(limit: 1 << 20)
        let ranges = object.fetched.withLock { $0 }
        #expect(ranges.count == 1)
        #expect(ranges.first?.count == 65_552)
        #expect(ranges.first?.lowerBound == Int64(object.bytes.count) - 15 * 65_552)
        _ = try reader.source(for: 70_000..<70_000)
        #expect(object.fetched.withLock { $0.count } == 1)
    }

    @Test("a header with hundreds of recipients is fetched piece by piece")
    func longHeader() throws {
        let strangers = try (0..<300).map { _ in try X25519Identity.generate().recipient }
        let object = StoredObject(try encrypted([1, 2, 3], to: strangers + [identity.recipient]))
        #expect(try object.reader(for: identity).source(for: 1..<3).readAll(limit: 10) == [2, 3])
    }

    @Test("a header parsed before serves as well")
    func parsedHeader() throws {
        let plaintext = sampleBytes(100_000)
        let file = try encrypted(plaintext, to: [identity.recipient])
        let header = try AgeHeader.parse(from: MemorySource(file))
        let text = String(decoding: file[..<header.byteCount], as: UTF8.self)
        #expect(text.split(separator: "\n").last?.hasPrefix("--- ") == true)
        let fileKey = try header.fileKey(for: [identity])
        let reader = try AgeRangeReader(header: header, fileKey: fileKey, ciphertextLength: Int64(file.count)) {
            range in
            MemorySource(Array(file[Int(range.lowerBound)..<Int(range.upperBound)]))
        }
        #expect(try reader.source(for: 65_000..<66_000).readAll(limit: 1000)[...] == plaintext[65_000..<66_000])
    }

    @Test("a file that was cut or extended is noticed at its end, whatever length is claimed")
    func wrongLength() throws {
        let whole = try object(sampleBytes(200_000)).bytes
        for cut in [1, 15, 16, 3_392, 3_408, 3_408 + 65_552] {
            let object = StoredObject(Array(whole.dropLast(cut)))
            #expect(throws: Diagnostic.self) { try object.reader(for: identity).checkEnd() }
            #expect(throws: Diagnostic.self) {
                try object.reader(for: identity, claimedLength: Int64(whole.count)).checkEnd()
            }
        }
        #expect(throws: Diagnostic.self) { try StoredObject(whole + [0]).reader(for: identity).checkEnd() }
        let empty = try object([])
        try empty.reader(for: identity).checkEnd()
        #expect(throws: Diagnostic.self) { try StoredObject(empty.bytes + [0]).reader(for: identity).checkEnd() }
        #expect(throws: Diagnostic.self) { try StoredObject(Array(empty.bytes.dropLast())).reader(for: identity) }
    }

    @Test("one flipped bit in a chunk spoils the ranges that touch it and no other")
    func flippedBit() throws {
        let plaintext = sampleBytes(200_000)
        var bytes = try object(plaintext).bytes
        let payloadStart = bytes.count - 200_000 - 4 * 16
        bytes[payloadStart + 65_552 + 30_000] ^= 4
        let reader = try StoredObject(bytes).reader(for: identity)
        let error = #expect(throws: Diagnostic.self) {
            try reader.source(for: 131_000..<140_000).readAll(limit: 1 << 20)
        }
        #expect(error?.code == .objectCorrupt)
        #expect(error?.summary == "cannot decrypt 'archive.tar.age'")
        #expect(try reader.source(for: 0..<65_536).readAll(limit: 65_536)[...] == plaintext[..<65_536])
        #expect(try reader.source(for: 131_072..<200_000).readAll(limit: 1 << 20)[...] == plaintext[131_072...])
    }

    @Test("swapped chunks are noticed")
    func swappedChunks() throws {
        let bytes = try object(sampleBytes(3 * 65_536)).bytes
        let start = bytes.count - 3 * 65_552
        let swapped =
            bytes[..<start] + bytes[(start + 65_552)..<(start + 131_104)] + bytes[start..<(start + 65_552)]
            + bytes[(start + 131_104)...]
        let reader = try StoredObject(Array(swapped)).reader(for: identity)
        #expect(throws: Diagnostic.self) { try reader.source(for: 0..<10).readAll(limit: 10) }
        #expect(throws: Diagnostic.self) { try reader.source(for: 65_536..<65_546).readAll(limit: 10) }
        #expect(try reader.source(for: 131_072..<131_082).readAll(limit: 10).count == 10)
    }

    @Test("a range outside the file is refused, not clamped")
    func outside() throws {
        let reader = try object(sampleBytes(10)).reader(for: identity)
        for range in [Int64(5)..<11, 11..<11, -1..<5] {
            let error = #expect(throws: Diagnostic.self) { try reader.source(for: range) }
            #expect(error?.code == .objectCorrupt)
        }
    }
}
