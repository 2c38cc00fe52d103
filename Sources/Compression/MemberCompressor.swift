import CZstd

/// Compresses whole members, one after the other, with one context.
///
/// Belongs to one thread. A context of level 1 or 3 keeps a few megabytes from call to call; nothing else is allocated.
/// Every member is one frame that names its content's size and ends with a checksum.
package final class MemberCompressor {
    /// The level that costs the least time per row of COPY text.
    package static let defaultLevel = 1

    private let context: CompressionContext

    /// Creates a compressor; `level` is clamped to what the library offers.
    package init(level: Int = defaultLevel) throws {
        context = try CompressionContext(level: level)
    }

    /// How large the output for `count` bytes may become.
    package static func bound(_ count: Int) -> Int { ZSTD_compressBound(count) }

    /// Compresses `input` into one frame at the start of `output` and returns the frame's length.
    ///
    /// `output` must have room for `bound(input.count)` bytes, or the call may throw.
    package func compress(
        _ input: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) throws -> Int {
        try ZstdStatus.check(
            ZSTD_compress2(context.handle, output.baseAddress, output.count, input.baseAddress, input.count)
        )
    }
}
