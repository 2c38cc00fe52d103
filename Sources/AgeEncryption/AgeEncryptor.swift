import Diagnostics
package import Streams

/// Encrypts what is written to it as an age v1 file.
///
/// Holds two chunks of 64 KiB. Belongs to one thread, as every sink.
package final class AgeEncryptor: ByteSink {
    private let next: any ByteSink
    private let cipher: PayloadCipher
    private let plaintext = IOBuffer(capacity: PayloadLayout.chunkSize)
    private let ciphertext = IOBuffer(capacity: PayloadLayout.sealedChunkSize)
    private var filled = 0
    private var chunk: Int64 = 0

    /// Starts a file that each of `recipients` can open, and writes its header to `next`.
    ///
    /// A passphrase must be the only recipient: beside another one, anybody who holds that one's key could have written
    /// the file.
    package init(to recipients: [any Recipient], into next: any ByteSink) throws {
        let fileKey = try FileKey.generate()
        let stanzas = try recipients.flatMap { try $0.wrap(fileKey) }
        guard !stanzas.isEmpty else {
            throw Diagnostic(
                .keyMissing,
                "cannot encrypt without a recipient",
                hint: "Name at least one age recipient."
            )
        }
        guard stanzas.count == 1 || !stanzas.contains(where: { $0.type == ScryptRecipient.stanzaType }) else {
            throw Diagnostic(.keyInvalid, "cannot encrypt to a passphrase and to another recipient at once")
        }
        let nonce = try randomBytes(PayloadLayout.nonceSize)
        cipher = try PayloadCipher(payloadKey: fileKey.payloadKey(nonce: nonce), sealing: true)
        self.next = next
        try next.write(contentsOf: AgeHeader.encode(stanzas, fileKey: fileKey) + nonce)
    }

    package func write(_ bytes: RawSpan) throws {
        try bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                // A full chunk waits for one more byte, because the last chunk is sealed differently.
                if filled == PayloadLayout.chunkSize {
                    try seal(plaintext.prefix(filled), isLast: false)
                    filled = 0
                }
                if filled == 0, rest.count > PayloadLayout.chunkSize {
                    try seal(UnsafeRawBufferPointer(rebasing: rest.prefix(PayloadLayout.chunkSize)), isLast: false)
                    rest = rest.dropFirst(PayloadLayout.chunkSize)
                    continue
                }
                let count = min(rest.count, PayloadLayout.chunkSize - filled)
                UnsafeMutableRawBufferPointer(rebasing: plaintext.storage[filled...])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
                filled += count
                rest = rest.dropFirst(count)
            }
        }
    }

    package func finish() throws {
        try seal(plaintext.prefix(filled), isLast: true)
        try next.finish()
    }

    private func seal(_ bytes: UnsafeRawBufferPointer, isLast: Bool) throws {
        let count = bytes.count + SealedBox.tagSize
        let output = UnsafeMutableRawBufferPointer(rebasing: ciphertext.storage[..<count])
        try cipher.seal(bytes, chunk: chunk, isLast: isLast, into: output)
        chunk += 1
        try next.write(UnsafeRawBufferPointer(output).bytes)
    }
}
