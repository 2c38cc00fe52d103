import CZstd
package import Streams

/// Decompresses members, one after the other, with one context.
///
/// Belongs to one thread. A decompressor made by `source(over:named:limit:)` borrows the context: only the newest one
/// may be read.
package final class MemberDecompressor {
    private let context: DecompressionContext

    /// Creates a decompressor.
    package init() throws {
        context = try DecompressionContext()
    }

    /// The content's size as the frame at the start of `input` names it, or `nil` if it does not.
    ///
    /// The number is a claim by whoever wrote the frame: compare it with a limit before allocating.
    package static func claimedSize(of input: UnsafeRawBufferPointer, named name: String) throws -> Int? {
        // ZSTD_CONTENTSIZE_UNKNOWN and ZSTD_CONTENTSIZE_ERROR are expressions that Swift does not import.
        switch ZSTD_getFrameContentSize(input.baseAddress, input.count) {
        case UInt64.max: return nil
        case UInt64.max - 1: throw ZstdStatus.corrupt(name, cause: "no zstd frame starts here")
        case let size:
            guard let size = Int(exactly: size) else {
                throw ZstdStatus.corrupt(name, cause: "the frame claims \(size) bytes")
            }
            return size
        }
    }

    /// Decompresses `input`, which must be exactly one frame, into `output` and returns the content's length.
    ///
    /// Never writes beyond `output`, whatever the frame claims, and needs no other memory.
    package func decompress(
        _ input: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer,
        named name: String
    ) throws -> Int {
        let length = try ZstdStatus.checkReading(
            ZSTD_findFrameCompressedSize(input.baseAddress, input.count),
            of: name
        )
        guard length == input.count else {
            throw ZstdStatus.corrupt(name, cause: "\(input.count - length) bytes follow the frame")
        }
        try context.reset()
        return try ZstdStatus.checkReading(
            ZSTD_decompressDCtx(context.handle, output.baseAddress, output.count, input.baseAddress, input.count),
            of: name
        )
    }

    /// A source that delivers the decompressed content of `next`, at most `limit` bytes, with this context.
    package func source(over next: any ByteSource, named name: String, limit: Int) throws -> ZstdDecompressor {
        try context.reset()
        return ZstdDecompressor(from: next, named: name, limit: limit, context: context)
    }
}
