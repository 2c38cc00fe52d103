import Diagnostics
package import Model
import SecureShell
package import Streams
import Synchronization

/// A repository in a folder on a server that speaks SFTP.
///
/// Connects at the first call, checks the host's key before anything else is said, and connects again after a loss; what
/// was under way then throws with `retry: .later`. An object is uploaded under a hidden name, synced where the server can
/// do that, and then gets its name in one exclusive step. Times are the server's, in whole seconds.
package final class SFTPStore: LocklessStore {
    package let displayName: String
    let place: SFTPPlace
    let failure: SFTPFailure
    let connections: SFTPConnections
    /// Whether everything written so far was synced; nil before the first object.
    private let wasDurable = Mutex<Bool?>(nil)

    /// Names a folder; nothing is connected to before the first call.
    ///
    /// `displayName` is a URL without credentials.
    package init(_ place: SFTPPlace, url: String) {
        self.place = place
        displayName = "'\(url)'"
        failure = SFTPFailure(place, displayName: "'\(url)'")
        connections = SFTPConnections(place)
    }

    /// Durable only once the server has shown that it can sync files and folders.
    package var capabilities: StoreCapabilities {
        StoreCapabilities(createsExclusively: true, isDurable: wasDurable.withLock { $0 ?? false })
    }

    package var usefulConcurrency: Int { place.connections }

    package func prepare() throws {
        try using("create the folder") { tree in
            do { try tree.session.makeFolder(tree.root) } catch SecureShellError.status(let status) {
                if try tree.session.facts(tree.root) != nil { return try tree.requireRoot() }
                if status == .noSuchFile {
                    throw Diagnostic(
                        .repositoryMissing,
                        "cannot create the repository folder \(displayName)",
                        cause: "the folder above it does not exist",
                        hint: "Create that folder on the server first, or correct the path."
                    )
                }
                throw SecureShellError.status(status)
            }
        }
    }

    package func holdsOnly(_ keys: Set<ObjectKey>) throws -> Bool {
        try using("list the folder") { tree in
            guard try tree.session.facts(tree.root) != nil else { return true }
            return try tree.holdsOnly(keys)
        }
    }

    package func create(_ key: ObjectKey) throws -> any ObjectWriter {
        guard try info(key) == nil else { throw failure.exists(key) }
        return try SFTPWriter(key, in: self)
    }

    package func read(_ key: ObjectKey, range: Range<Int64>?) throws -> any ByteSource {
        try SFTPReader(key, range: range, in: self)
    }

    package func info(_ key: ObjectKey) throws -> ObjectInfo? { try using("look up '\(key)'") { try $0.info(key) } }

    package func list(_ prefix: String) throws -> [ObjectInfo] { try using("list '\(prefix)'") { try $0.list(prefix) } }

    package func replace(_ key: ObjectKey, with bytes: [UInt8]) throws {
        let writer = try SFTPWriter(key, in: self, replaces: true)
        try writer.write(contentsOf: bytes)
        try writer.finish()
    }

    package func remove(_ key: ObjectKey) throws {
        try using("remove '\(key)'") { tree in
            do { try tree.session.remove(tree.path(key)) } catch SecureShellError.status(.noSuchFile) {
                return try tree.requireRoot()
            }
            _ = try tree.syncNames(in: tree.folder(of: key))
        }
    }

    package func removeAbandoned(before instant: Instant) throws {
        try using("clear away what is left behind") { try $0.removeAbandoned(before: instant) }
    }

    package func releaseReserve() throws { try using("release the reserve") { try SFTPReserve(tree: $0).release() } }

    package func keepReserve() throws { try using("keep a reserve") { try SFTPReserve(tree: $0).keep() } }

    /// What is free on the server's disk for this user; nil where the server cannot tell.
    package func freeBytes() throws -> Int64? {
        try using("ask for free space") { try $0.session.freeBytes($0.root) }
    }

    func tree(_ session: SFTPSession) -> SFTPTree { SFTPTree(session: session, root: place.path, failure: failure) }

    /// Notes whether the server could sync what was just written: one time that it could not, and nothing is durable.
    func note(isDurable: Bool) {
        wasDurable.withLock { $0 = ($0 ?? true) && isDurable }
    }

    func cannotLink() -> Diagnostic {
        Diagnostic(
            .repositoryStorage,
            "cannot rely on \(displayName)",
            cause: "the server makes no hard links (hardlink@openssh.com): two hosts could create one object",
            hint: "Use a server and a file system that can: OpenSSH on any common one does."
        )
    }

    func cannotReplace() -> Diagnostic {
        Diagnostic(
            .repositoryStorage,
            "cannot rely on \(displayName)",
            cause: "the server cannot replace a file in one step (posix-rename@openssh.com)",
            hint: "Use a server that can: OpenSSH does."
        )
    }

    private func using<Value>(_ action: String, _ body: (SFTPTree) throws -> Value) throws -> Value {
        try failure.naming(action) { try connections.use { try body(tree($0)) } }
    }
}
