import CZstd
import Diagnostics
package import Streams

/// Delivers the content of the zstd frames in another source.
///
/// Frames that follow each other continue the content. A source that is empty or ends inside a frame, a checksum that
/// does not match, a window above 64 MiB and content beyond `limit` bytes are errors; after one every call throws it
/// again. Holds one context (its window) and one input buffer of about 128 KiB.
package final class ZstdDecompressor: ByteSource {
    private let context: DecompressionContext
    private let next: any ByteSource
    private let name: String
    private let limit: Int
    private let inputBuffer = IOBuffer(capacity: ZSTD_DStreamInSize())
    private var available = 0
    private var consumed = 0
    private var produced = 0
    private var failure: (any Error)?
    private var phase = Phase.beforeFirstFrame

    /// Where in the frames the reader stands, as far as what to do next depends on it.
    private enum Phase {
        case beforeFirstFrame
        /// The last frame is complete and delivered.
        case betweenFrames
        case needsInput
        /// The output was full: the library may hold more without further input.
        case mayHoldOutput
    }

    /// Creates a source that delivers at most `limit` bytes; errors call the content `name`.
    package convenience init(from next: any ByteSource, named name: String, limit: Int = .max) throws {
        self.init(from: next, named: name, limit: limit, context: try DecompressionContext())
    }

    init(from next: any ByteSource, named name: String, limit: Int, context: DecompressionContext) {
        self.next = next
        self.name = name
        self.limit = limit
        self.context = context
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if let failure { throw failure }
        do {
            return try fill(buffer)
        } catch {
            failure = error
            throw error
        }
    }

    private func fill(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        // One byte more than may come shows whether there is more than may come.
        let allowance = limit - produced < buffer.count ? limit - produced + 1 : buffer.count
        while true {
            if phase != .mayHoldOutput, consumed == available, try !refill() { return 0 }
            var input = ZSTD_inBuffer(src: inputBuffer.storage.baseAddress, size: available, pos: consumed)
            var room = ZSTD_outBuffer(dst: buffer.baseAddress, size: allowance, pos: 0)
            let left = try ZstdStatus.checkReading(
                ZSTD_decompressStream(context.handle, &room, &input),
                of: name
            )
            consumed = input.pos
            phase = left == 0 ? .betweenFrames : room.pos == room.size ? .mayHoldOutput : .needsInput
            produced += room.pos
            guard produced <= limit else { throw ZstdStatus.corrupt(name, cause: "it expands beyond \(limit) bytes") }
            if room.pos > 0 { return room.pos }
        }
    }

    /// Reads on; `false` when the source has ended where it may.
    private func refill() throws -> Bool {
        available = try next.read(into: inputBuffer.storage)
        consumed = 0
        guard available == 0 else { return true }
        switch phase {
        case .betweenFrames: return false
        case .beforeFirstFrame: throw ZstdStatus.corrupt(name, cause: "it is empty where a zstd frame should be")
        case .needsInput, .mayHoldOutput: throw ZstdStatus.corrupt(name, cause: "it ends inside a zstd frame")
        }
    }
}
