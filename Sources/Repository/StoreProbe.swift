import AgeEncryption
import Diagnostics
import Streams
import Synchronization

/// Tries what a store claims: reads back what was written, and creates one name twice, one after the other and at once.
///
/// A store that answers "done" to the second creation has overwritten the first; two workers could then both believe that
/// they committed.
enum StoreProbe {
    /// Names of plans are percent-encoded in keys: a gateway that decodes them must be found out.
    static let key = ObjectKey(joining: [Layout.sessions, "probe%41"])
    private static let contenders = 4

    /// What the store proved able to do; throws when it cannot even give back what was written.
    static func run(on store: any ObjectStore) throws -> StoreCapabilities {
        let key = try freshKey(in: store)
        defer { try? store.remove(key) }
        let content = try randomBytes(64)
        try store.put(key, content)
        guard try store.get(key, limit: 1024) == content, try store.info(key)?.bytes == 64,
            try store.list(Layout.sessions).contains(where: { $0.key == key })
        else {
            throw Diagnostic(
                .repositoryStorage,
                "cannot rely on \(store.displayName)",
                cause: "an object that was just written does not read back, or is not listed under its name",
                hint: "Name another place, or another way to it: a gateway may rewrite names with '%'."
            )
        }
        var capabilities = store.capabilities
        if capabilities.createsExclusively {
            capabilities.createsExclusively = try refusesSecond(store) && oneOfManyWins(store)
        }
        return capabilities
    }

    /// A key with nothing under it; a host may have the right to write and not to delete what an earlier probe left.
    private static func freshKey(in store: any ObjectStore) throws -> ObjectKey {
        try? store.remove(key)
        if try store.info(key) == nil { return key }
        return ObjectKey(joining: [Layout.sessions, "probe%41-" + Hex.encode(try randomBytes(8))])
    }

    /// Two creations begin while there is nothing; the one that ends later must be refused and change nothing.
    private static func refusesSecond(_ store: any ObjectStore) throws -> Bool {
        let key = try freshKey(in: store)
        defer { try? store.remove(key) }
        let contents = [try randomBytes(64), try randomBytes(64)]
        let writers = [try store.create(key), try store.create(key)]
        for (writer, content) in zip(writers, contents) { try writer.write(contentsOf: content) }
        try writers[0].finish()
        guard try !finishes(writers[1]) else { return false }
        return try store.get(key, limit: 1024) == contents[0]
    }

    /// Of several creations that end at the same moment exactly one succeeds.
    private static func oneOfManyWins(_ store: any ObjectStore) throws -> Bool {
        let key = try freshKey(in: store)
        defer { try? store.remove(key) }
        let winners = Mutex(0)
        let jobs = Array(0..<contenders)
        try runWorkers(jobs, workerCount: contenders, stop: Stop(), makeWorker: { $0 }) { (_: inout Int, _: Int) in
            guard let writer = try creation(of: key, in: store) else { return }
            try writer.write(contentsOf: try randomBytes(64))
            if try finishes(writer) { winners.withLock { $0 += 1 } }
        } finishWorker: { _ in
        }
        return winners.withLock { $0 } == 1
    }

    private static func creation(of key: ObjectKey, in store: any ObjectStore) throws -> (any ObjectWriter)? {
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
