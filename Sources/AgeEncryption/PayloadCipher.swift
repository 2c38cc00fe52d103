/// Seals or opens the chunks of one payload; one thread at a time.
final class PayloadCipher {
    private let box: SealedBox
    private var nonce = [UInt8](repeating: 0, count: SealedBox.nonceSize)

    init(payloadKey: SecretBytes, sealing: Bool) throws {
        box = try SealedBox(key: payloadKey, sealing: sealing)
    }

    func seal(
        _ plaintext: UnsafeRawBufferPointer,
        chunk: Int64,
        isLast: Bool,
        into output: UnsafeMutableRawBufferPointer
    ) throws {
        setNonce(chunk: chunk, isLast: isLast)
        try box.seal(plaintext, nonce: nonce, into: output)
    }

    /// Opens one chunk into the start of `output` and returns its length.
    func open(
        _ ciphertext: UnsafeRawBufferPointer,
        chunk: Int64,
        isLast: Bool,
        into output: UnsafeMutableRawBufferPointer
    ) throws -> Int {
        let count = ciphertext.count - SealedBox.tagSize
        guard count >= 0 else { throw AgeFailure.payload("it is truncated in the 64 KiB chunk \(chunk)") }
        guard count > 0 || (isLast && chunk == 0) else { throw AgeFailure.payload("its last chunk is empty") }
        setNonce(chunk: chunk, isLast: isLast)
        guard box.open(ciphertext, nonce: nonce, into: UnsafeMutableRawBufferPointer(rebasing: output[..<count])) else {
            throw AgeFailure.payload("the 64 KiB chunk \(chunk) is not authentic: it was changed, moved or cut off")
        }
        return count
    }

    /// An 11-byte big-endian counter, then a byte that marks the end, so that no prefix of a file is a file.
    private func setNonce(chunk: Int64, isLast: Bool) {
        var rest = UInt64(chunk)
        for index in stride(from: 10, through: 3, by: -1) {
            nonce[index] = UInt8(truncatingIfNeeded: rest)
            rest >>= 8
        }
        nonce[11] = isLast ? 1 : 0
    }
}
