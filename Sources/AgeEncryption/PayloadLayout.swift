/// Where the chunks of a payload lie, worked out from lengths alone.
///
/// The lengths are claims until the last chunk has been opened as the last one: a file cut at a chunk border has a
/// perfectly good layout.
struct PayloadLayout: Sendable {
    static let chunkSize = 64 << 10
    static let sealedChunkSize = chunkSize + SealedBox.tagSize
    static let nonceSize = 16

    /// The offset of the first sealed chunk in the file.
    let payloadStart: Int64
    let chunkCount: Int64
    let plaintextLength: Int64

    /// Throws when no age file has this length.
    init(headerByteCount: Int, ciphertextLength: Int64) throws {
        payloadStart = Int64(headerByteCount + Self.nonceSize)
        let sealed = ciphertextLength - payloadStart
        guard sealed >= Int64(SealedBox.tagSize) else { throw AgeFailure.payload("it is truncated") }
        chunkCount = (sealed - 1) / Int64(Self.sealedChunkSize) + 1
        let lastChunk = sealed - (chunkCount - 1) * Int64(Self.sealedChunkSize)
        // Only the chunk of an empty payload is empty.
        guard lastChunk > Int64(SealedBox.tagSize) || (chunkCount == 1 && lastChunk == Int64(SealedBox.tagSize)) else {
            throw AgeFailure.payload("its last chunk is truncated")
        }
        plaintextLength = sealed - chunkCount * Int64(SealedBox.tagSize)
    }

    /// The chunks that hold a plaintext range that is not empty.
    func chunks(holding range: Range<Int64>) -> Range<Int64> {
        range.lowerBound / Int64(Self.chunkSize)..<(range.upperBound - 1) / Int64(Self.chunkSize) + 1
    }

    /// The bytes of the file that hold these chunks.
    func ciphertextRange(of chunks: Range<Int64>) -> Range<Int64> {
        let start = payloadStart + chunks.lowerBound * Int64(Self.sealedChunkSize)
        let end = start + Int64(chunks.count) * Int64(Self.sealedChunkSize)
        let fileEnd = payloadStart + plaintextLength + chunkCount * Int64(SealedBox.tagSize)
        return start..<min(end, fileEnd)
    }
}
