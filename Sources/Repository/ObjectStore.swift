import Diagnostics
package import Model
package import Streams

/// The name of an object in a store: components of `[A-Za-z0-9%._-]` joined by `/`.
package struct ObjectKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let text: String

    /// Reads a key; nil when a component is empty, begins with a dot, or holds any other character.
    package init?(_ text: String) {
        var isAtStart = true
        for byte in text.utf8 {
            if byte == UInt8(ascii: "/") {
                if isAtStart { return nil }
                isAtStart = true
            } else {
                guard Self.isAllowed(byte), !isAtStart || byte != UInt8(ascii: ".") else { return nil }
                isAtStart = false
            }
        }
        if isAtStart { return nil }
        self.text = text
    }

    /// Joins components that are known to be valid, such as encoded names, digits and fixed words.
    init(joining components: [String]) {
        let text = components.joined(separator: "/")
        precondition(ObjectKey(text) != nil, "'\(text)' is not an object key")
        self.text = text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "%"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// The components between the slashes.
    package var components: [Substring] { text.split(separator: "/") }

    package var description: String { text }

    package static func < (a: ObjectKey, b: ObjectKey) -> Bool { a.text < b.text }
}

/// What a listing or a look-up says of an object.
package struct ObjectInfo: Sendable, Hashable {
    package var key: ObjectKey
    package var bytes: Int64
    /// The store's own clock.
    package var modified: Instant

    /// Creates the facts.
    package init(key: ObjectKey, bytes: Int64, modified: Instant) {
        self.key = key
        self.bytes = bytes
        self.modified = modified
    }
}

/// What a store can promise; probed when a repository is created, and what needs a missing promise is refused.
package struct StoreCapabilities: Sendable, Hashable, Codable {
    /// Creating an object that exists fails, also when two clients try at once.
    package var createsExclusively: Bool
    /// An object is on stable storage when `finish()` returns.
    package var isDurable: Bool

    /// Creates the capabilities.
    package init(createsExclusively: Bool, isDurable: Bool) {
        self.createsExclusively = createsExclusively
        self.isDurable = isDurable
    }
}

/// An object being written.
///
/// Nothing is visible under its key before `finish()`, which is atomic: it creates the object or throws
/// `object-exists`. Dropping the writer abandons the object and leaves nothing behind.
package protocol ObjectWriter: ByteSink {}

/// Where a repository's objects live: the waist between Lifeboat and any storage.
///
/// Objects are immutable and created once; only `replace(_:with:)` overwrites, and only sessions use it. A provider must
/// guarantee read-after-write and complete listings: `list` returns everything or throws. All calls block, from any
/// thread. Retries, limits and injected faults are decorators.
package protocol ObjectStore: Sendable {
    /// How people name this store in messages, without credentials.
    var displayName: String { get }
    var capabilities: StoreCapabilities { get }
    /// How many calls at once are worth a thread each: more than one where a call waits for a network.
    var usefulConcurrency: Int { get }

    /// Makes the place itself (a folder); does nothing when it is there. Only creating a repository calls it.
    func prepare() throws
    /// Whether nothing at all but `keys` is stored here, objects or not: a repository is never created among somebody
    /// else's files.
    func holdsOnly(_ keys: Set<ObjectKey>) throws -> Bool
    /// Tells what this store was recorded to be able to do: where it turns out to do less, it fails instead.
    func insist(on capabilities: StoreCapabilities)
    /// Begins an object; see `ObjectWriter`.
    func create(_ key: ObjectKey) throws -> any ObjectWriter
    /// The bytes of an object, or of a range of it; throws `object-missing` when it is not there.
    func read(_ key: ObjectKey, range: Range<Int64>?) throws -> any ByteSource
    /// The object's facts, or nil when there is none.
    func info(_ key: ObjectKey) throws -> ObjectInfo?
    /// Every object whose key begins with `prefix` (a whole number of components), in key order: all or an error.
    func list(_ prefix: String) throws -> [ObjectInfo]
    /// Creates or atomically overwrites a small object.
    func replace(_ key: ObjectKey, with bytes: [UInt8]) throws
    /// Removes an object; one that is not there is not an error. Throws `delete-denied`, and nothing else, where the
    /// credentials may not delete or the object is locked.
    func remove(_ key: ObjectKey) throws
    /// Clears away what interrupted writers left behind before `instant`, by the store's clock.
    func removeAbandoned(before instant: Instant) throws
    /// Gives back the space kept so that a collection can work in a full store.
    func releaseReserve() throws
    /// Takes that space again, where there is enough.
    func keepReserve() throws
    /// How long the store itself keeps what is created from being deleted by anybody; nil when it does not.
    var lock: Duration? { get }
    /// Makes sure that the store keeps an object from being deleted until `instant` at least.
    func extendLock(_ key: ObjectKey, until instant: Instant) throws
}

/// A store that keeps no locks and never does less than it says, for the stores themselves.
///
/// Decorators never conform: one that forgets to pass a call on must not compile, for it would leave a point unprotected
/// without a word.
package protocol LocklessStore: ObjectStore {}

extension LocklessStore {
    package var usefulConcurrency: Int { 1 }
    package var lock: Duration? { nil }
    package func insist(on capabilities: StoreCapabilities) {}
    package func extendLock(_ key: ObjectKey, until instant: Instant) throws {
        throw Diagnostic(.internalError, "cannot lock '\(key)'", cause: "\(displayName) keeps no locks")
    }
}

extension ObjectStore {
    /// Creates a small object; throws `object-exists` when there is one.
    package func put(_ key: ObjectKey, _ bytes: [UInt8]) throws {
        let writer = try create(key)
        try writer.write(contentsOf: bytes)
        try writer.finish()
    }

    /// The whole of a small object; refuses more than `limit` bytes.
    package func get(_ key: ObjectKey, limit: Int) throws -> [UInt8] {
        try read(key, range: nil).readAll(limit: limit)
    }
}
