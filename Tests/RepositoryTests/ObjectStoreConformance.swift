import AgeEncryption
import Diagnostics
import Model
import Repository
import Streams
import Testing

/// What every store must do, whatever it is made of.
struct ObjectStoreConformance {
    let store: any ObjectStore

    func run() throws {
        try store.prepare()
        #expect(try store.holdsOnly([]))
        try createsOnce()
        try showsNothingBeforeFinish()
        try readsRanges()
        try listsByWholeComponents()
        try replacesAndRemoves()
        try oneOfManyCreatesWins()
    }

    private func key(_ text: String) throws -> ObjectKey { try #require(ObjectKey(text)) }

    private func createsOnce() throws {
        let key = try key("a/once")
        try store.put(key, [1, 2, 3])
        #expect(code { try store.put(key, [4]) } == .objectExists)
        #expect(try store.get(key, limit: 10) == [1, 2, 3])
        #expect(try store.info(key)?.bytes == 3)
        #expect(try store.holdsOnly([key]))
        #expect(try !store.holdsOnly([]))
    }

    private func showsNothingBeforeFinish() throws {
        let key = try key("a/unfinished")
        do {
            let writer = try store.create(key)
            try writer.write(contentsOf: [UInt8](repeating: 7, count: 200_000))
            #expect(try store.info(key) == nil)
            #expect(try !store.list("a").contains { $0.key == key })
        }
        #expect(try store.info(key) == nil)
        #expect(code { _ = try store.get(key, limit: 10) } == .objectMissing)
        try store.put(key, [])
        #expect(try store.get(key, limit: 0) == [])
    }

    private func readsRanges() throws {
        let key = try key("a/range")
        let content = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        try store.put(key, content)
        for range in [0..<1, 0..<200_000, 65_530..<65_540, 199_999..<200_000, 5..<5] as [Range<Int64>] {
            let expected = Array(content[Int(range.lowerBound)..<Int(range.upperBound)])
            #expect(try store.read(key, range: range).readAll(limit: 1 << 20) == expected)
        }
        #expect(code { _ = try store.read(key, range: 0..<200_001).readAll(limit: 1 << 20) } == .objectCorrupt)
    }

    private func listsByWholeComponents() throws {
        for text in ["b/x/2", "b/x/1", "b/xy/1", "b/x%2F/z.point"] { try store.put(try key(text), [1]) }
        #expect(try store.list("b").map(\.key.text) == ["b/x%2F/z.point", "b/x/1", "b/x/2", "b/xy/1"])
        #expect(try store.list("b/x").map(\.key.text) == ["b/x/1", "b/x/2"])
        #expect(try store.list("nothing").isEmpty)
    }

    private func replacesAndRemoves() throws {
        let key = try key("c/session")
        try store.replace(key, with: [1])
        try store.replace(key, with: [2, 2])
        #expect(try store.get(key, limit: 10) == [2, 2])
        try store.remove(key)
        try store.remove(key)
        #expect(try store.info(key) == nil)
    }

    private func oneOfManyCreatesWins() throws {
        let key = try key("d/contested")
        let stop = Stop()
        let store = store
        try runWorkers(Array(0..<8), workerCount: 8, stop: stop, makeWorker: { UInt8($0) }) {
            (worker: inout UInt8, _: Int) in
            let content = [UInt8](repeating: worker, count: 1000)
            do {
                try store.put(key, content)
                try store.put(try objectKey("d/winner-\(worker)"), content)
            } catch let error as Diagnostic where error.code == .objectExists {}
        } finishWorker: { _ in
        }
        let winners = try store.list("d").filter { $0.key != key }
        #expect(winners.count == 1)
        #expect(try store.get(try #require(winners.first).key, limit: 1000) == store.get(key, limit: 1000))
    }
}
