package import Streams

/// Decrypts an age v1 file from its start to its end.
///
/// Returns only authenticated bytes, and ends only after the chunk that is marked as the last, so a reader that sees the
/// end has seen all of the file. Bytes handed out before a failure are genuine but incomplete. Holds two chunks of
/// 64 KiB; belongs to one thread.
package final class AgeDecryptor: ByteSource {
    private let source: HeaderReader
    private let cipher: PayloadCipher
    private let name: String?
    /// One sealed chunk and the first byte after it, which tells whether it is the last.
    private let ciphertext = IOBuffer(capacity: PayloadLayout.sealedChunkSize + 1)
    private var lookahead = 0
    private let opened = OpenedChunk()
    private var chunk: Int64 = 0
    private var hasEnded = false
    /// The file ends too early or too late after the chunk that was opened last; thrown when that has been read.
    private var misplacedEnd: AgeFailure?

    /// Reads the header and unwraps the file key; `name` is the file or object in errors.
    package init(_ source: any ByteSource, identities: [any Identity], named name: String? = nil) throws {
        self.name = name
        let reader = HeaderReader(source)
        self.source = reader
        cipher = try reportingAgeFailures(of: name) {
            let fileKey = try AgeHeader(reading: reader).unwrap(identities)
            return try PayloadCipher(
                payloadKey: fileKey.payloadKey(nonce: readPayloadNonce(from: reader)),
                sealing: false
            )
        }
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if opened.isUsedUp, !hasEnded { try reportingAgeFailures(of: name) { try openNextChunk() } }
        return opened.take(into: buffer)
    }

    private func openNextChunk() throws {
        if let misplacedEnd { throw misplacedEnd }
        let unread = UnsafeMutableRawBufferPointer(rebasing: ciphertext.storage[lookahead...])
        let filled = try lookahead + source.readFully(into: unread)
        let isAtEnd = filled <= PayloadLayout.sealedChunkSize
        let sealed = ciphertext.prefix(min(filled, PayloadLayout.sealedChunkSize))
        try opened.refill { output in
            do {
                return try cipher.open(sealed, chunk: chunk, isLast: isAtEnd, into: output)
            } catch let failure as AgeFailure {
                // A whole chunk that is genuine in the other role tells what happened, and is still handed out.
                guard sealed.count == PayloadLayout.sealedChunkSize,
                    let count = try? cipher.open(sealed, chunk: chunk, isLast: !isAtEnd, into: output)
                else { throw failure }
                misplacedEnd = .payload(isAtEnd ? "it is cut off between two chunks" : "there is data after its end")
                return count
            }
        }
        chunk += 1
        hasEnded = isAtEnd && misplacedEnd == nil
        lookahead = isAtEnd ? 0 : 1
        if !isAtEnd { ciphertext.storage[0] = ciphertext.storage[PayloadLayout.sealedChunkSize] }
    }
}

/// The 16 bytes between header and payload.
func readPayloadNonce(from source: any ByteSource) throws -> [UInt8] {
    var nonce = [UInt8](repeating: 0, count: PayloadLayout.nonceSize)
    let count = try nonce.withUnsafeMutableBytes { try source.readFully(into: $0) }
    guard count == nonce.count else { throw AgeFailure.header("it ends right after its header") }
    return nonce
}
