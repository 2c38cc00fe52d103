import Streams

/// The plaintext of a range, opened chunk by chunk from the ciphertext that holds it.
final class AgeRangeSource: ByteSource {
    private let source: any ByteSource
    private let cipher: PayloadCipher
    private let layout: PayloadLayout
    private let name: String?
    private let ciphertext = IOBuffer(capacity: PayloadLayout.sealedChunkSize)
    private let opened = OpenedChunk()
    private var chunk: Int64
    private var skipped: Int
    private var remaining: Int64

    init(_ source: any ByteSource, cipher: PayloadCipher, layout: PayloadLayout, range: Range<Int64>, name: String?) {
        self.source = source
        self.cipher = cipher
        self.layout = layout
        self.name = name
        chunk = layout.chunks(holding: range).lowerBound
        skipped = Int(range.lowerBound % Int64(PayloadLayout.chunkSize))
        remaining = range.upperBound - range.lowerBound
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard remaining > 0 else { return 0 }
        if opened.isUsedUp { try reportingAgeFailures(of: name) { try openNextChunk() } }
        let limit = Int(min(Int64(buffer.count), remaining))
        let count = opened.take(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<limit]))
        remaining -= Int64(count)
        return count
    }

    private func openNextChunk() throws {
        let place = layout.ciphertextRange(of: chunk..<chunk + 1)
        let expected = place.count
        let filled = try source.readFully(
            into: UnsafeMutableRawBufferPointer(rebasing: ciphertext.storage[..<expected])
        )
        guard filled == expected else { throw AgeFailure.payload("it is truncated in the 64 KiB chunk \(chunk)") }
        let isLast = chunk == layout.chunkCount - 1
        try opened.refill { try cipher.open(ciphertext.prefix(filled), chunk: chunk, isLast: isLast, into: $0) }
        opened.skip(skipped)
        skipped = 0
        chunk += 1
    }
}
