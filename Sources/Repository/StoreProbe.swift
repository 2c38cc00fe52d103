import AgeEncryption
import Diagnostics
import Streams
import Synchronization

/// Tries what a store claims: reads back what was written, and creates one name twice, one after the other and at once.
///
/// A store that answers "done" to the second creation has overwritten the first; two workers could then both believe that
/// they committed.
enum StoreProbe {
    static let key = ObjectKey(joining: [Layout.sessions, "probe"])
    private static let contenders = 4

    /// What the store proved able to do; throws when it cannot even give back what was written.
    static func run(on store: any ObjectStore) throws -> StoreCapabilities {
        let content = try randomBytes(64)
        if try clear(store) { try store.put(key, content) } else { try store.replace(key, with: content) }
        defer { try? store.remove(key) }
        guard try store.get(key, limit: 1024) == content, try store.info(key)?.bytes == 64,
            try store.list(Layout.sessions).contains(where: { $0.key == key })
        else {
            throw Diagnostic(
                .repositoryStorage,
                "cannot rely on \(store.displayName)",
                cause: "an object that was just written does not read back or is not listed",
                hint: "Name another place."
            )
        }
        var capabilities = store.capabilities
        if capabilities.createsExclusively {
            capabilities.createsExclusively = try refusesSecond(store) && oneOfManyWins(store)
        }
        return capabilities
    }

    /// Whether there is no object of the probe's now.
    ///
    /// A host may have the right to write and not to delete: what an earlier step left behind is then in the way of
    /// every creation, which is a proof as well.
    private static func clear(_ store: any ObjectStore) throws -> Bool {
        try? store.remove(key)
        return try store.info(key) == nil
    }

    /// Two creations begin while there is nothing; the one that ends later must be refused and change nothing.
    private static func refusesSecond(_ store: any ObjectStore) throws -> Bool {
        guard try clear(store) else {
            let before = try store.get(key, limit: 1024)
            guard let writer = try creation(in: store) else { return true }
            try writer.write(contentsOf: try randomBytes(64))
            guard try !finishes(writer) else { return false }
            return try store.get(key, limit: 1024) == before
        }
        let contents = [try randomBytes(64), try randomBytes(64)]
        let writers = [try store.create(key), try store.create(key)]
        for (writer, content) in zip(writers, contents) { try writer.write(contentsOf: content) }
        try writers[0].finish()
        guard try !finishes(writers[1]) else { return false }
        return try store.get(key, limit: 1024) == contents[0]
    }

    /// Of several creations that end at the same moment exactly one succeeds, or none where the object is there already.
    private static func oneOfManyWins(_ store: any ObjectStore) throws -> Bool {
        let expected = try clear(store) ? 1 : 0
        let winners = Mutex(0)
        let jobs = Array(0..<contenders)
        try runWorkers(jobs, workerCount: contenders, stop: Stop(), makeWorker: { $0 }) { (_: inout Int, _: Int) in
            guard let writer = try creation(in: store) else { return }
            try writer.write(contentsOf: try randomBytes(64))
            if try finishes(writer) { winners.withLock { $0 += 1 } }
        } finishWorker: { _ in
        }
        return winners.withLock { $0 } == expected
    }

    private static func creation(in store: any ObjectStore) throws -> (any ObjectWriter)? {
        do {
            return try store.create(key)
        } catch let error as Diagnostic where error.code == .objectExists {
            return nil
        }
    }

    private static func finishes(_ writer: any ObjectWriter) throws -> Bool {
        do {
            try writer.finish()
            return true
        } catch let error as Diagnostic where error.code == .objectExists {
            return false
        }
    }
}

extension Repository {
    /// Tries again what the store can do, for comparison with what the descriptor says.
    package func probeStore() throws -> StoreCapabilities { try StoreProbe.run(on: store) }

    /// The same repository with a descriptor that says what the store can do now; unchanged when it says so already.
    package func recordingProbe() throws -> Repository {
        let found = try probeStore()
        return found == descriptor.capabilities ? self : try revised { $0.capabilities = found }
    }
}
