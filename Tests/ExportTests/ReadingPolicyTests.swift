import Model
import Testing

@testable import Export

@Suite("Policies of reading, with values only")
struct ReadingPolicyTests {
    @Test("after two runs in which most of a table changed it is read without a look, and looked at again later")
    func rhythm() {
        var history: TableRhythm?
        var decisions: [ScanRhythm.Decision] = []
        for _ in 0..<12 {
            let rhythm = ScanRhythm(history: history)
            decisions.append(rhythm.decision)
            history = rhythm.after(ranges: 10, changed: 7)
        }
        let resting = [ScanRhythm.Decision](repeating: .readOnly, count: ScanRhythm.unscannedRuns)
        #expect(decisions == [.compare, .compare] + resting + [.readAndScan, .compare, .readOnly, .readOnly])
        // Once less changes, all is as it was in the beginning.
        #expect(ScanRhythm(history: TableRhythm(busy: 1, unscanned: 0)).after(ranges: 10, changed: 6) == nil)
    }

    @Test("a table of few ranges is always looked at")
    func fewRanges() {
        #expect(ScanRhythm(history: nil).after(ranges: 3, changed: 3) == nil)
        #expect(ScanRhythm(history: nil).after(ranges: 4, changed: 3) == TableRhythm(busy: 1, unscanned: 0))
    }

    private func task(_ block: Int64, readIn hour: Int64, bytes: Int64, isDue: Bool = true) throws -> RangeTask {
        let blocks = BlockRange(first: block, end: block + 1)
        let archive = try #require(ArchiveID(String(repeating: "0", count: 32)))
        let range = TableRange(
            blocks: blocks,
            proof: RowProof(),
            textBytes: bytes,
            location: ArchiveLocation(archive: archive, offset: 0, length: 0, members: 0, sha256: ""),
            fingerprint: nil,
            readIn: Slot(Instant(secondsSinceEpoch: hour * 3600))
        )
        return RangeTask(
            source: .table(0),
            blocks: blocks,
            prospects: [.candidate(range, isDue: isDue)],
            bytes: bytes
        )
    }

    private func due(_ tasks: [RangeTask]) -> [Int64] {
        tasks.compactMap { task in
            if case .candidate(_, isDue: true) = task.prospects[0] { task.blocks.first } else { nil }
        }
    }

    @Test("a budget lets through what has waited longest, and counts what it puts off")
    func budget() throws {
        let all = [
            try task(0, readIn: 5, bytes: 400), try task(1, readIn: 2, bytes: 400), try task(2, readIn: 3, bytes: 400),
            try task(3, readIn: 1, bytes: 100, isDue: false),
        ]
        let cases: [(Int64?, [Int64])] = [
            (nil, [0, 1, 2]), (1200, [0, 1, 2]), (1199, [1, 2]), (1, [1]), (0, [1]),
        ]
        for (limit, expected) in cases {
            var tasks = all
            let budget = RereadBudget(bytes: limit)
            let shortfall = budget.apply(to: &tasks, destination: 0)
            #expect(due(tasks) == expected, "\(limit ?? -1)")
            #expect(shortfall == .init(ranges: 3 - expected.count, bytes: Int64(3 - expected.count) * 400))
            #expect((shortfall.notice(of: budget) == nil) == (expected.count == 3))
        }
    }
}
