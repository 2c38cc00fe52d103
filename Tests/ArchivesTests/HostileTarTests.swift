import Archives
import Diagnostics
import Streams
import Testing

@Suite("Hostile tars")
struct HostileTarTests {
    private static let good = "large-objects/00000000-0000.copy.zst"

    @Test("a hand-made header is read like any other, so that the refusals below are about what they name")
    func control() throws {
        let bytes = Self.header(name: Self.good, size: 3) + Self.padded([1, 2, 3])
        #expect(try untar(bytes, expectsEndMarker: false) == [Sample(name: Self.good, bytes: [1, 2, 3])])
    }

    @Test("only regular files are read", arguments: Array("123456DKVX"))
    func types(type: Character) throws {
        let bytes = Self.header(name: Self.good, size: 0, type: type, link: "large-objects/target")
        #expect(throws: Diagnostic.self) { try untar(bytes, expectsEndMarker: false) }
    }

    @Test(
        "a name that leads elsewhere, or that nobody would have written, is refused",
        arguments: [
            "/etc/passwd", "../../etc/passwd", "data/../x", "./data/a/t/00000000-0000.copy.zst", "data", "data/",
            "large-objects//00000000-0000.copy.zst", "large-objects/00000000-0000.copy.zst/",
            "large-objects\\00000000-0000.copy.zst", "", " ", "readme.txt",
        ]
    )
    func names(name: String) throws {
        let bytes = Self.header(name: name, size: 0)
        #expect(throws: Diagnostic.self) { try untar(bytes, expectsEndMarker: false) }
        // Even a caller that accepts every name gets none that leaves its folder.
        guard name != "data", name != "readme.txt" else { return }
        let lenient = try TarReader(from: MemorySource(bytes), named: "t", expectsEndMarker: false) { _ in true }
        #expect(throws: Diagnostic.self) { try lenient.next() }
    }

    @Test("a name that comes twice is refused")
    func duplicate() throws {
        let entry = Self.header(name: Self.good, size: 0)
        #expect(throws: Diagnostic.self) { try untar(entry + entry, expectsEndMarker: false) }
    }

    @Test("a sparse file is refused: it would yield bytes that nobody stored")
    func sparse() throws {
        let records = ["GNU.sparse.map=1000,3", "GNU.sparse.size=1000000", "GNU.sparse.numblocks=1"]
        let pax = Self.paxRecords(records)
        let bytes =
            Self.header(name: "pax", size: pax.count, type: "x") + Self.padded(pax)
            + Self.header(name: Self.good, size: 3) + Self.padded([1, 2, 3])
        #expect(throws: Diagnostic.self) { try untar(bytes, expectsEndMarker: false) }
    }

    @Test("so is a sparse file of the older kind")
    func oldSparse() throws {
        var block = Self.header(name: Self.good, size: 3, type: "S")
        block.replaceSubrange(257..<265, with: Array("ustar  \u{0}".utf8))
        // Three bytes at 1000 in a file of 1003.
        for (text, offset) in [("00000001750", 386), ("00000000003", 398), ("00000001753", 483)] {
            for (index, byte) in text.utf8.enumerated() { block[offset + index] = byte }
        }
        Self.seal(&block, at: 0)
        #expect(throws: Diagnostic.self) { try untar(block + Self.padded([1, 2, 3]), expectsEndMarker: false) }
    }

    @Test("a size that the bytes do not reach is refused, however large", arguments: [4, 513, 1 << 32])
    func size(size: Int) throws {
        let bytes = Self.header(name: Self.good, size: size) + Self.padded([1, 2, 3]).prefix(3)
        #expect(throws: Diagnostic.self) { try untar(bytes, expectsEndMarker: false) }
    }

    @Test(
        "damage never crashes, never hangs, and never yields more bytes than came in",
        arguments: 0..<8 as Range<UInt64>
    )
    func corruption(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let (whole, ranges) = try tar(Array(Sample.some(seed: seed).dropLast()))
        for round in 0..<150 {
            let isPart = round % 2 == 0
            var bytes = isPart ? Array(whole.prefix(Int(ranges[4].upperBound))) : whole
            for _ in 0...Int.random(in: 0..<4, using: &random) { Self.damage(&bytes, &random) }
            let delivered = (try? untar(bytes, expectsEndMarker: !isPart)) ?? []
            #expect(delivered.reduce(0) { $0 + $1.bytes.count } <= bytes.count)
        }
    }

    @Test("a failed reader repeats its failure instead of going on")
    func repeatedFailure() throws {
        let bytes = Self.header(name: Self.good, size: 600) + [1, 2, 3]
        let reader = try TarReader(from: MemorySource(bytes), named: "t", expectsEndMarker: false)
        _ = try reader.next()
        let first = #expect(throws: Diagnostic.self) { try reader.readAll(limit: 1000) }
        let second = #expect(throws: Diagnostic.self) { try reader.next() }
        #expect(first == second && first?.code == .objectCorrupt)
    }

    private static func damage(_ bytes: inout [UInt8], _ random: inout SplitMix) {
        guard !bytes.isEmpty else { return }
        let place = Int.random(in: bytes.indices, using: &random)
        switch random.next() % 5 {
        case 0: bytes[place] ^= 1 << UInt8(random.next() % 8)
        case 1: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 2: bytes.removeSubrange(place...)
        case 3: bytes.removeSubrange(place..<min(place + 512, bytes.count))
        default:
            // A header of random content whose checksum is right gets past the first gate.
            let start = place / 512 * 512
            guard start + 512 <= bytes.count else { return }
            bytes[start + Int.random(in: 100..<148, using: &random)] = UInt8(truncatingIfNeeded: random.next())
            bytes[start + 156] = UInt8(truncatingIfNeeded: random.next())
            seal(&bytes, at: start)
        }
    }

    /// A ustar header block.
    private static func header(name: String, size: Int, type: Character = "0", link: String = "") -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int) {
            for (index, byte) in text.utf8.enumerated() { block[offset + index] = byte }
        }
        let octal = String(size, radix: 8)
        put(name, at: 0)
        put("0000600\u{0}0000000\u{0}0000000\u{0}", at: 100)
        put(String(repeating: "0", count: 11 - octal.count) + octal, at: 124)
        put("00000000000", at: 136)
        put(String(type), at: 156)
        put(link, at: 157)
        put("ustar\u{0}00", at: 257)
        seal(&block, at: 0)
        return block
    }

    /// Sets the checksum of the header at `start`.
    private static func seal(_ bytes: inout [UInt8], at start: Int) {
        for index in start + 148..<start + 156 { bytes[index] = UInt8(ascii: " ") }
        let octal = String(bytes[start..<start + 512].reduce(0) { $0 + Int($1) }, radix: 8)
        let text = String(repeating: "0", count: 6 - octal.count) + octal + "\u{0} "
        for (index, byte) in text.utf8.enumerated() { bytes[start + 148 + index] = byte }
    }

    private static func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
    }

    /// Pax records: each starts with its own length in decimal.
    private static func paxRecords(_ records: [String]) -> [UInt8] {
        records.flatMap { record -> [UInt8] in
            var length = record.utf8.count + 3
            while String(length).utf8.count + record.utf8.count + 2 != length { length += 1 }
            return Array("\(length) \(record)\n".utf8)
        }
    }
}
