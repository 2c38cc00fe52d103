import AgeEncryption
import Diagnostics
import Streams

/// Tries what a store claims: reads back what was written, and creates one name twice.
///
/// A store that answers "done" to the second creation has overwritten the first; two workers could then both believe that
/// they committed.
enum StoreProbe {
    static let key = ObjectKey(joining: [Layout.sessions, "probe"])

    static func run(on store: any ObjectStore) throws -> StoreCapabilities {
        let content = try randomBytes(64)
        // A host may have the right to write and not to delete: what an earlier probe left behind is then overwritten.
        try? store.remove(key)
        if try store.info(key) == nil { try store.put(key, content) } else { try store.replace(key, with: content) }
        defer { try? store.remove(key) }
        guard try store.get(key, limit: 1024) == content, try store.info(key)?.bytes == 64,
            try store.list(Layout.sessions).contains(where: { $0.key == key })
        else {
            throw Diagnostic(
                .repositoryStorage,
                "cannot rely on \(store.displayName)",
                cause: "an object that was just written does not read back or is not listed"
            )
        }
        var capabilities = store.capabilities
        do {
            try store.put(key, try randomBytes(64))
            capabilities.createsExclusively = false
        } catch let error as Diagnostic where error.code == .objectExists {}
        guard capabilities.createsExclusively else {
            throw Diagnostic(
                .repositoryStorage,
                "cannot rely on \(store.displayName)",
                cause: "creating an object that exists does not fail there",
                hint: "Name a place on a file system that supports hard links."
            )
        }
        return capabilities
    }
}
