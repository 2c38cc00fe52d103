import Diagnostics
import SecureShell
import Streams

/// The bytes of an object on a server, or of a range of it.
final class SFTPReader: ByteSource {
    private let key: ObjectKey
    private let failure: SFTPFailure
    private let lane: SFTPLane
    private var file: SFTPFile?
    private var rest: Int64

    /// More at once would only make the library ask for more ahead of time.
    private static let pieceBytes = 128 << 10

    init(_ key: ObjectKey, range: Range<Int64>?, in store: SFTPStore) throws {
        self.key = key
        failure = store.failure
        let lane = store.connections.leastUsed()
        self.lane = lane
        do {
            (file, rest) = try store.failure.naming("read '\(key)'") {
                try lane.use { try Self.open(key, range, store.tree($0)) }
            }
        } catch {
            lane.leave()
            throw error
        }
    }

    deinit {
        lane.locked { file = nil }
        lane.leave()
    }

    private static func open(_ key: ObjectKey, _ range: Range<Int64>?, _ tree: SFTPTree) throws -> (SFTPFile, Int64) {
        let file = try opened(key, tree)
        let size = try file.facts().bytes
        if let range, range.lowerBound < 0 || range.upperBound > size {
            throw Diagnostic(
                .objectCorrupt,
                "'\(key)' in \(tree.failure.displayName) has \(size) bytes, and more are expected",
                hint: "Use another point or another copy of the repository."
            )
        }
        if let range, range.lowerBound > 0 { file.seek(to: range.lowerBound) }
        return (file, range.map { $0.upperBound - $0.lowerBound } ?? size)
    }

    private static func opened(_ key: ObjectKey, _ tree: SFTPTree) throws -> SFTPFile {
        do { return try tree.session.open(tree.path(key)) } catch {
            guard error == .status(.noSuchFile) else { throw error }
            try tree.requireRoot()
            throw tree.failure.missing(key)
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let wanted = Int(min(Int64(min(buffer.count, Self.pieceBytes)), rest))
        guard wanted > 0 else { return 0 }
        let count = try failure.naming("read '\(key)'") {
            try lane.work {
                guard let file else { return 0 }
                return try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
            }
        }
        guard count > 0 else {
            throw Diagnostic(.objectCorrupt, "'\(key)' in \(failure.displayName) became shorter while it was read")
        }
        rest -= Int64(count)
        return count
    }
}
