import CZstd
package import Streams

/// Compresses what it is given into one zstd frame and pushes the frame on.
///
/// Holds one context and one output buffer of about 128 KiB. Without `finish()` the frame stays open, and no reader
/// accepts it.
package final class ZstdCompressor: ByteSink {
    private let context: CompressionContext
    private let output = IOBuffer(capacity: ZSTD_CStreamOutSize())
    private let next: any ByteSink

    /// Creates a stage in front of `next`; `level` is clamped to what the library offers.
    ///
    /// Who knows how many bytes will come says so: for a short text the library's tables are then as small as it needs,
    /// instead of tens of megabytes. Any other number of bytes is an error.
    package init(level: Int, exactBytes: Int? = nil, into next: any ByteSink) throws {
        context = try CompressionContext(level: level)
        if let exactBytes {
            try ZstdStatus.check(ZSTD_CCtx_setPledgedSrcSize(context.handle, UInt64(exactBytes)))
        }
        self.next = next
    }

    package func write(_ bytes: RawSpan) throws {
        try bytes.withUnsafeBytes { try push($0, ZSTD_e_continue) }
    }

    package func finish() throws {
        try push(UnsafeRawBufferPointer(start: nil, count: 0), ZSTD_e_end)
        try next.finish()
    }

    private func push(_ bytes: UnsafeRawBufferPointer, _ directive: ZSTD_EndDirective) throws {
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        while true {
            var room = ZSTD_outBuffer(dst: output.storage.baseAddress, size: output.storage.count, pos: 0)
            let left = try ZstdStatus.check(ZSTD_compressStream2(context.handle, &room, &input, directive))
            if room.pos > 0 { try next.write(output.prefix(room.pos).bytes) }
            if input.pos == input.size, directive == ZSTD_e_continue || left == 0 { return }
        }
    }
}
