import Model
import Policy
import TestSupport
import Testing

@Suite("A sampled verification reads everything again within the promised time")
struct ReadingSampleTests {
    private static let day = Duration.seconds(86_400)
    private static let within = day * 30

    /// A plan's archives over time: some come, some go, and what is read has its time.
    private struct Shelf {
        var random: SeededGenerator
        var now = Instant(secondsSinceEpoch: 1_800_000_000)
        var items: [ReadingSample.Item] = []
        var runs: [Instant] = []
        private var count = 0

        init(seed: UInt64) {
            random = SeededGenerator(seed: seed)
            for _ in 0..<Int.random(in: 0...60, using: &random) {
                add(age: day * Int.random(in: 0...29, using: &random))
            }
        }

        mutating func add(age: Duration = .zero) {
            count += 1
            let digits = String(count, radix: 16)
            let name = String(repeating: "0", count: 32 - digits.count) + digits
            guard let id = ArchiveID(name) else { return }
            let bytes = Int64.random(in: 1...1_000_000, using: &random)
            items.append(ReadingSample.Item(id: id, bytes: bytes, lastRead: now - age))
        }

        /// Runs now and returns what was decided.
        mutating func run() -> ReadingSample {
            let sample = ReadingSample(items, within: within, earlier: runs, now: now)
            let chosen = Set(sample.chosen)
            for index in items.indices where chosen.contains(items[index].id) { items[index].lastRead = now }
            runs.append(now)
            return sample
        }

        mutating func live(_ time: Duration) {
            now = now + time
            for _ in 0..<Int.random(in: 0...3, using: &random) { add() }
            if !items.isEmpty, Bool.random(using: &random) {
                items.remove(at: items.indices.randomElement(using: &random) ?? 0)
            }
        }
    }

    @Test("whoever comes back in time finds nothing overdue, however irregular the runs are")
    func nothingOverdue() throws {
        for seed in 0..<150 as Range<UInt64> {
            var shelf = Shelf(seed: seed)
            for _ in 0..<40 {
                let sample = shelf.run()
                #expect(sample.overdue == 0, "seed \(seed)")
                let span = sample.nextBefore.map { $0 - shelf.now } ?? Self.day
                #expect(span > .zero, "seed \(seed)")
                shelf.live(span * Double.random(in: 0.01...1, using: &shelf.random))
            }
        }
    }

    @Test("regular runs keep the promise by themselves, every six hours or every week", arguments: [6, 24, 168])
    func regular(_ hours: Int) {
        for seed in 0..<12 as Range<UInt64> {
            var shelf = Shelf(seed: seed)
            // What is known at first is a guess: a quarter of the promise.
            let first = min(Duration.seconds(hours * 3600), Self.within / 4)
            for index in 0..<(hours == 6 ? 160 : 50) {
                #expect(shelf.run().overdue == 0, "seed \(seed), run \(index)")
                let jitter = Double.random(in: 0.9...1.1, using: &shelf.random)
                shelf.live(index == 0 ? first : .seconds(hours * 3600) * jitter)
            }
        }
    }

    @Test("nightly runs share the reading out: none reads more than two and a half times its part")
    func even() {
        for seed in 0..<4 as Range<UInt64> {
            var shelf = Shelf(seed: seed)
            shelf.items = []
            for _ in 0..<200 { shelf.add() }
            for night in 0..<90 {
                let sample = shelf.run()
                let bytes = Dictionary(uniqueKeysWithValues: shelf.items.map { ($0.id, $0.bytes) })
                let read = sample.chosen.reduce(0) { $0 + (bytes[$1] ?? 0) }
                let fair = shelf.items.reduce(0) { $0 + $1.bytes } / 30
                #expect(read <= fair * 5 / 2 + 1_000_000, "seed \(seed), night \(night): \(read) of \(fair)")
                shelf.now = shelf.now + Self.day
            }
        }
    }

    @Test("what was never read for too long is read at once, and said")
    func overdue() {
        var shelf = Shelf(seed: 7)
        shelf.items = []
        for age in [10, 31, 90] { shelf.add(age: Self.day * age) }
        let sample = shelf.run()
        #expect(sample.overdue == 2)
        #expect(sample.chosen == [shelf.items[2].id, shelf.items[1].id])
        #expect(sample.nextBefore == shelf.now + Self.day * 20)
    }
}
