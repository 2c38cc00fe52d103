import AgeEncryption
import Diagnostics
import Streams
import Testing

/// Bytes that repeat nowhere near a chunk's length, so that swapped chunks are noticed.
func sampleBytes(_ count: Int) -> [UInt8] {
    var state: UInt32 = 0x9E37_79B9
    return (0..<count).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(truncatingIfNeeded: state >> 24)
    }
}

func encrypted(_ plaintext: [UInt8], to recipients: [any Recipient], pieceSize: Int = .max) throws -> [UInt8] {
    let sink = MemorySink()
    let encryptor = try AgeEncryptor(to: recipients, into: sink)
    var rest = plaintext[...]
    while !rest.isEmpty {
        try encryptor.write(contentsOf: Array(rest.prefix(pieceSize)))
        rest = rest.dropFirst(min(pieceSize, rest.count))
    }
    try encryptor.finish()
    #expect(sink.isFinished)
    return sink.bytes
}

func decrypted(_ ciphertext: [UInt8], by identities: [any Identity]) throws -> [UInt8] {
    try AgeDecryptor(MemorySource(ciphertext), identities: identities, named: "sample.age").readAll(limit: 64 << 20)
}

/// Hands out one byte more on each call than on the call before, as a slow network might.
final class TricklingSource: ByteSource {
    private let source: MemorySource
    private var step = 0

    init(_ bytes: [UInt8]) { source = MemorySource(bytes) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        step += 1
        return try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(step)))
    }
}

/// Sizes on both sides of every place where a chunk ends.
let sizesAroundChunkBorders = [0, 1, 2, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073, 200_000]
