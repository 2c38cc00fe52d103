import Streams

/// The memory of all uploads of a run, to however many buckets: what writers have filled and what is on its way.
///
/// It is lent in blocks, so that a part which is begun holds no more than it has. While parts are on their way, whoever
/// needs a block beyond the limit waits for one of them to arrive; when none is, the block is granted, for then nobody
/// else can give one back. So memory stays under the limit, or under one part for each writer that is open where that
/// is more, however slow the stores are.
package final class UploadMemory: Sendable {
    /// What fits beside everything else into what a backup may take.
    package static let usualLimit = 32 << 20

    private struct State: Sendable {
        var lent = 0
        var peak = 0
        var partsInFlight = 0
        var free: [UploadBlock] = []
    }

    private let limit: Int
    private let state = Monitor(State())

    /// Nothing is allocated before it is needed.
    package init(byteLimit: Int = UploadMemory.usualLimit) { limit = byteLimit / UploadBlock.size }

    /// The most bytes that were lent at one time.
    package var peakBytes: Int { state.change { $0.peak } * UploadBlock.size }

    /// Lends a block; blocks the thread while there is none and a part on its way will give some back.
    func take() -> UploadBlock {
        let used = state.when({ $0.lent < limit || $0.partsInFlight == 0 }) { state in
            state.lent += 1
            state.peak = max(state.peak, state.lent)
            return state.free.popLast()
        }
        return used ?? UploadBlock()
    }

    /// Notes that a part is on its way, and will be given back by `land(_:)` without anybody's doing.
    func launch() { state.change { $0.partsInFlight += 1 } }

    /// Takes back the blocks of a part that was on its way, in the same step.
    func land(_ blocks: [UploadBlock]) {
        state.change { state in
            state.partsInFlight -= 1
            takeBack(blocks, &state)
        }
    }

    func giveBack(_ blocks: [UploadBlock]) {
        guard !blocks.isEmpty else { return }
        state.change { takeBack(blocks, &$0) }
    }

    private func takeBack(_ blocks: [UploadBlock], _ state: inout State) {
        state.lent -= blocks.count
        state.free += blocks.prefix(max(0, limit - state.free.count))
    }
}

/// A piece of a part.
///
/// `@unchecked Sendable`: it is with one part at a time, which says who may touch it.
final class UploadBlock: @unchecked Sendable {
    static let size = 256 << 10

    private let buffer = IOBuffer(capacity: UploadBlock.size)

    var storage: UnsafeMutableRawBufferPointer { buffer.storage }
}
