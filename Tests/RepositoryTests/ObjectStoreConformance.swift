import AgeEncryption
import Diagnostics
import Model
import Repository
import Streams
import Testing

/// What every store must do, whatever it is made of.
struct ObjectStoreConformance {
    let store: any ObjectStore
    /// False for a store that is known to overwrite when two create at once.
    var createsExclusively = true

    func run() throws {
        try store.prepare()
        #expect(try store.holdsOnly([]))
        try createsOnce()
        try showsNothingBeforeFinish()
        try readsRanges()
        try listsByWholeComponents()
        try replacesAndRemoves()
        try carriesLargeObjects()
        try clearsAway()
        if createsExclusively {
            try refusesTheLaterOfTwo()
            try oneOfManyCreatesWins()
        }
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

    /// Larger than any store moves at once.
    private func carriesLargeObjects() throws {
        let key = try key("e/large")
        let piece = (0..<1_000_003).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        let writer = try store.create(key)
        for _ in 0..<20 { try writer.write(contentsOf: piece) }
        #expect(try store.info(key) == nil)
        try writer.finish()
        let total = Int64(piece.count * 20)
        #expect(try store.info(key)?.bytes == total)
        #expect(try store.list("e").map(\.bytes) == [total])
        let source = try store.read(key, range: nil)
        let hash = SHA256()
        let expected = SHA256()
        let buffer = IOBuffer(capacity: 70_001)
        while case let count = try source.read(into: buffer.storage), count > 0 {
            hash.update(buffer.prefix(count).bytes)
        }
        for _ in 0..<20 { expected.update(piece.span.bytes) }
        #expect(hash.finish() == expected.finish())
        // Across the place where two pieces, and two parts, meet.
        let range = 8_388_000..<8_389_000 as Range<Int64>
        let wanted = range.map { piece[Int($0) % piece.count] }
        #expect(try store.read(key, range: range).readAll(limit: 1000) == wanted)
        #expect(code { _ = try store.read(key, range: total - 1..<total + 1).readAll(limit: 10) } == .objectCorrupt)
        #expect(code { _ = try store.read(key, range: total + 5..<total + 6).readAll(limit: 10) } == .objectCorrupt)
    }

    /// A large object that was begun and dropped is not there, and clearing away leaves what is.
    private func clearsAway() throws {
        let key = try key("e/dropped")
        do {
            let writer = try store.create(key)
            try writer.write(contentsOf: [UInt8](repeating: 1, count: 9 << 20))
        }
        #expect(try store.info(key) == nil)
        try store.removeAbandoned(before: .now + .seconds(60))
        #expect(try store.list("e").map(\.key.text) == ["e/large"])
        try store.put(key, [1])
    }

    private func refusesTheLaterOfTwo() throws {
        let key = try key("f/twice")
        let writers = [try store.create(key), try store.create(key)]
        for (number, writer) in writers.enumerated() { try writer.write(contentsOf: [UInt8(number)]) }
        try writers[1].finish()
        #expect(code { try writers[0].finish() } == .objectExists)
        #expect(try store.get(key, limit: 10) == [1])
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
