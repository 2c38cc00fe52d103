import Model

/// How a table is cut into block ranges; pure.
///
/// Ranges are sized by heap and TOAST bytes together, so that a table with few blocks and large values is still read by
/// all workers. Boundaries of the base point are kept, because a range is reused only as a whole.
struct ChunkPlan: Sendable {
    /// How many bytes of table one range should have; a table of more than `targetCount` such ranges has larger ones, so
    /// that the list of ranges grows slower than the table.
    var targetBytes: Int64
    var blockSize: Int64 = 8192

    private static let targetCount: Int64 = 1024
    private static let mostBytes: Int64 = 64 << 20

    /// How many bytes one range of something of `bytes` bytes should have.
    static func rangeBytes(of bytes: Int64, atLeast least: Int64) -> Int64 {
        max(least, min(mostBytes, bytes / targetCount))
    }

    /// The ranges of a table that is read for the first time.
    func ranges(heapBlocks: Int64, toastBytes: Int64) -> [BlockRange] {
        cut(heapBlocks: heapBlocks, blocksPerRange: blocksPerRange(heapBlocks, toastBytes), startingAt: [0])
    }

    /// The ranges of a table that `base` has read: its boundaries, and new ones where the table has grown.
    ///
    /// The last range of the base is open-ended; when it has grown beyond the target it is cut, and has to be read.
    func ranges(heapBlocks: Int64, toastBytes: Int64, continuing base: [BlockRange]) -> [BlockRange] {
        let kept = [0] + base.map(\.first).filter { $0 > 0 && $0 < heapBlocks }
        return cut(
            heapBlocks: heapBlocks,
            blocksPerRange: blocksPerRange(heapBlocks, toastBytes),
            startingAt: kept
        )
    }

    private func blocksPerRange(_ heapBlocks: Int64, _ toastBytes: Int64) -> Int64 {
        guard heapBlocks > 0 else { return 1 }
        let bytes = heapBlocks * blockSize + toastBytes
        let target = Self.rangeBytes(of: bytes, atLeast: targetBytes)
        let count = max(1, (bytes + target - 1) / target)
        return max(1, (heapBlocks + count - 1) / count)
    }

    /// Cuts what follows the last of `starts` (in order, the first is 0); a rest of less than half a range stays with
    /// the range before it.
    private func cut(heapBlocks: Int64, blocksPerRange: Int64, startingAt starts: [Int64]) -> [BlockRange] {
        var starts = starts
        while let last = starts.last, heapBlocks - last > blocksPerRange + blocksPerRange / 2 {
            starts.append(last + blocksPerRange)
        }
        return starts.indices.map { index in
            BlockRange(first: starts[index], end: index + 1 < starts.count ? starts[index + 1] : nil)
        }
    }
}
