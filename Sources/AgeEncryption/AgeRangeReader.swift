import Diagnostics
package import Streams

/// Reads parts of an age file that lies where ranges can be fetched, without decrypting the rest.
///
/// A value without state: several threads may read from it at once, each getting a source of its own. Every source
/// holds two chunks of 64 KiB.
package struct AgeRangeReader: Sendable {
    /// Delivers the bytes of the file in a range, which never is empty and never reaches beyond the file.
    package typealias Fetch = @Sendable (Range<Int64>) throws -> any ByteSource

    private let layout: PayloadLayout
    private let payloadKey: SecretBytes
    private let name: String?
    private let fetch: Fetch

    /// How long the plaintext is, going by the length of the file; `checkEnd()` makes it certain.
    package var plaintextLength: Int64 { layout.plaintextLength }

    /// Opens a file of `ciphertextLength` bytes: fetches its start, unwraps the file key, checks the header.
    package init(
        identities: [any Identity],
        ciphertextLength: Int64,
        named name: String? = nil,
        fetch: @escaping Fetch
    ) throws {
        let reader = HeaderReader(PrefixSource(length: ciphertextLength, fetch: fetch))
        let opened = try reportingAgeFailures(of: name) {
            let header = try AgeHeader(reading: reader)
            return (header, try header.unwrap(identities), try readPayloadNonce(from: reader))
        }
        try self.init(opened.0, opened.1, nonce: opened.2, ciphertextLength: ciphertextLength, name, fetch)
    }

    /// Opens a file whose header was parsed before; fetches the 16 bytes after it.
    package init(
        header: AgeHeader,
        fileKey: FileKey,
        ciphertextLength: Int64,
        named name: String? = nil,
        fetch: @escaping Fetch
    ) throws {
        let start = Int64(header.byteCount)
        let nonce = try reportingAgeFailures(of: name) {
            guard ciphertextLength > start else { throw AgeFailure.header("it ends right after its header") }
            let end = min(start + Int64(PayloadLayout.nonceSize), ciphertextLength)
            return try readPayloadNonce(from: fetch(start..<end))
        }
        try self.init(header, fileKey, nonce: nonce, ciphertextLength: ciphertextLength, name, fetch)
    }

    private init(
        _ header: AgeHeader,
        _ fileKey: FileKey,
        nonce: [UInt8],
        ciphertextLength: Int64,
        _ name: String?,
        _ fetch: @escaping Fetch
    ) throws {
        layout = try reportingAgeFailures(of: name) {
            try PayloadLayout(headerByteCount: header.byteCount, ciphertextLength: ciphertextLength)
        }
        payloadKey = try fileKey.payloadKey(nonce: nonce)
        self.name = name
        self.fetch = fetch
    }

    /// The plaintext bytes in `range`; fetches the chunks that hold them, at once and nothing else.
    ///
    /// The source throws where the chunks are not authentic or do not stand where they should.
    package func source(for range: Range<Int64>) throws -> any ByteSource {
        guard range.lowerBound >= 0, range.upperBound <= plaintextLength else {
            let cause = "bytes \(range.lowerBound) to \(range.upperBound) of \(plaintextLength) were asked for"
            throw Diagnostic(.objectCorrupt, "cannot decrypt \(name.map { "'\($0)'" } ?? "age data")", cause: cause)
        }
        guard !range.isEmpty else { return MemorySource([]) }
        let chunks = layout.chunks(holding: range)
        return AgeRangeSource(
            try fetch(layout.ciphertextRange(of: chunks)),
            cipher: try PayloadCipher(payloadKey: payloadKey, sealing: false),
            layout: layout,
            range: range,
            name: name
        )
    }

    /// Opens the last chunk, which proves that the file ends where its length says.
    package func checkEnd() throws {
        let last = max(0, plaintextLength - 1)
        guard plaintextLength == 0 else {
            return try source(for: last..<plaintextLength).copy(into: HashingSink())
        }
        let sealed = try fetch(layout.ciphertextRange(of: 0..<1)).readAll(limit: PayloadLayout.sealedChunkSize)
        let cipher = try PayloadCipher(payloadKey: payloadKey, sealing: false)
        try reportingAgeFailures(of: name) {
            try OpenedChunk().refill { output in
                try sealed.withUnsafeBytes { try cipher.open($0, chunk: 0, isLast: true, into: output) }
            }
        }
    }
}

/// The start of a file of which nobody knows how much will be needed, fetched in small steps.
private final class PrefixSource: ByteSource {
    /// Enough for the header and nonce of a file with a dozen recipients.
    private static let step: Int64 = 2 << 10

    private let length: Int64
    private let fetch: AgeRangeReader.Fetch
    private var position: Int64 = 0
    private var current: (any ByteSource)?

    init(length: Int64, fetch: @escaping AgeRangeReader.Fetch) {
        self.length = length
        self.fetch = fetch
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            if let count = try current?.read(into: buffer), count > 0 { return count }
            guard position < length else { return 0 }
            let end = min(length, position + Self.step)
            current = try fetch(position..<end)
            position = end
        }
    }
}
