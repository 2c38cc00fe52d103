import Diagnostics
package import Model
package import Streams

/// A bucket as if nothing had been deleted: of what lies behind a delete marker the newest version is listed and read.
///
/// For restoring after somebody deleted everything, without the right to remove the markers. Sessions and lists of what is
/// condemned are as they are: those were removed because they had ended. Writing goes to the bucket as always.
package final class UndeletedStore: ObjectStore {
    private let inner: S3Store

    /// Looks behind the markers of a bucket.
    package init(_ inner: S3Store) { self.inner = inner }

    private static let parts = [Layout.points, Layout.archives, Layout.records, Layout.descriptors]

    private static func isKept(_ path: String) -> Bool {
        path.isEmpty || parts.contains { path == $0 || path.hasPrefix($0 + "/") }
    }

    package func list(_ prefix: String) throws -> [ObjectInfo] {
        guard Self.isKept(prefix) else { return try inner.list(prefix) }
        var found = Dictionary(try inner.list(prefix).map { ($0.key, $0) }) { first, _ in first }
        for (key, version) in try inner.versions(below: prefix.isEmpty ? "" : prefix + "/") {
            guard found[key] == nil, Self.isKept(key.text) else { continue }
            found[key] = ObjectInfo(key: key, bytes: version.bytes, modified: version.modified)
        }
        return found.values.sorted { $0.key < $1.key }
    }

    package func info(_ key: ObjectKey) throws -> ObjectInfo? {
        if let info = try inner.info(key) { return info }
        return try hidden(key).map { ObjectInfo(key: key, bytes: $0.bytes, modified: $0.modified) }
    }

    package func read(_ key: ObjectKey, range: Range<Int64>?) throws -> any ByteSource {
        do { return try inner.read(key, range: range) } catch let error as Diagnostic where error.code == .objectMissing
        {
            guard let version = try hidden(key) else { throw error }
            return try inner.read(key, range: range, version: version.id, bytes: version.bytes)
        }
    }

    private func hidden(_ key: ObjectKey) throws -> S3Versions.Version? {
        guard Self.isKept(key.text) else { return nil }
        return try inner.versions(below: key.text)[key]
    }

    package var displayName: String { inner.displayName }
    package var capabilities: StoreCapabilities { inner.capabilities }
    package var usefulConcurrency: Int { inner.usefulConcurrency }
    package var lock: Duration? { inner.lock }
    package func insist(on capabilities: StoreCapabilities) { inner.insist(on: capabilities) }
    package func prepare() throws { try inner.prepare() }
    package func holdsOnly(_ keys: Set<ObjectKey>) throws -> Bool { try inner.holdsOnly(keys) }
    package func create(_ key: ObjectKey) throws -> any ObjectWriter { try inner.create(key) }
    package func replace(_ key: ObjectKey, with bytes: [UInt8]) throws { try inner.replace(key, with: bytes) }
    package func remove(_ key: ObjectKey) throws { try inner.remove(key) }
    package func removeAbandoned(before instant: Instant) throws { try inner.removeAbandoned(before: instant) }
    package func releaseReserve() { inner.releaseReserve() }
    package func keepReserve() { inner.keepReserve() }
    package func extendLock(_ key: ObjectKey, until instant: Instant) throws {
        try inner.extendLock(key, until: instant)
    }
}

extension S3Store {
    /// The newest version of every object whose key begins with `text`, also of those that were deleted.
    func versions(below text: String) throws -> [ObjectKey: S3Versions.Version] {
        let found = try S3Versions(exchange: exchange).newest(base + text)
        return Dictionary(
            found.compactMap { name, version in
                ObjectKey(String(name.dropFirst(base.count))).map { ($0, version) }
            }
        ) { first, _ in first }
    }

    /// The bytes of one version of `bytes` bytes, or of a range of it.
    func read(_ key: ObjectKey, range: Range<Int64>?, version: String, bytes: Int64) throws -> any ByteSource {
        let range = range ?? 0..<bytes
        guard range.lowerBound >= 0, range.upperBound <= bytes else { throw exchange.failure.tooShort(key, bytes) }
        return range.isEmpty ? MemorySource([]) : try S3Reader(key, range: range, version: version, in: exchange)
    }
}
