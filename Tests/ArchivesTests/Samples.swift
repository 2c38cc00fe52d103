import Archives
import Glibc
import Streams

/// COPY-like text of about `bytes` bytes, the same for the same seed.
func copyText(bytes: Int, seed: UInt64 = 1) -> [UInt8] {
    var random = SplitMix(state: seed)
    var text = ""
    var id = 0
    while text.utf8.count < bytes {
        id += 1
        text +=
            "\(id)\t\(random.next() % 90_000)\tcustomer-\(random.next() % 5000)@example.org\t\(random.next())\t\\N\n"
    }
    return Array(text.utf8.prefix(bytes))
}

/// A generator that gives the same numbers everywhere.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// An entry of a tar in memory.
struct Sample: Equatable {
    var name: String
    var bytes: [UInt8]

    /// Members of sizes around a block, with a long name among them.
    static func some(seed: UInt64 = 1) throws -> [Sample] {
        let long = String(repeating: "\"", count: 63)
        return try [0, 1, 511, 512, 513, 70_000].enumerated().map { index, size in
            let table = index == 4 ? long : "orders"
            let name = try MemberName(
                .rows(schema: index == 4 ? long : "public", table: table),
                range: UInt32(index),
                part: 0
            )
            return Sample(name: name.text, bytes: copyText(bytes: size, seed: seed))
        }
    }
}

/// Writes `samples` as a whole tar and says where each entry lies.
func tar(_ samples: [Sample]) throws -> (bytes: [UInt8], ranges: [Range<Int64>]) {
    let sink = MemorySink()
    let writer = try TarWriter(into: sink, named: "test")
    let ranges = try samples.map { sample in
        try sample.bytes.withUnsafeBytes { try writer.writeEntry(name: sample.name, $0) }
    }
    try writer.finish()
    return (sink.bytes, ranges)
}

/// Reads everything a tar holds.
func untar(_ bytes: [UInt8], expectsEndMarker: Bool) throws -> [Sample] {
    let reader = try TarReader(from: MemorySource(bytes), named: "test", expectsEndMarker: expectsEndMarker)
    var samples: [Sample] = []
    while let entry = try reader.next() {
        samples.append(Sample(name: entry.name, bytes: try reader.readAll(limit: 1 << 24)))
    }
    return samples
}
