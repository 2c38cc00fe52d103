import Diagnostics
import Glibc
package import Model
package import Streams
import Synchronization

/// A repository in a folder of this machine.
///
/// An object is written under no name (or a hidden one where the file system cannot do that), synced, and then linked to
/// its key, which fails when the key exists; the folder is synced before `finish()` returns. Every path is walked from
/// the folder's own descriptor, and symbolic links inside are never followed. Files are 0600, folders 0700.
package final class FolderStore: LocklessStore {
    package let displayName: String
    package let capabilities = StoreCapabilities(createsExclusively: true, isDurable: true)
    private let path: String
    private let failure: FolderFailure
    /// Kept open, so that a disk that is unmounted underneath is an error and not an empty folder.
    private let root = Mutex<OwnedDescriptor?>(nil)

    /// Names a folder; nothing is touched before the first call.
    package init(path: String) {
        self.path = path
        displayName = "'\(path)'"
        failure = FolderFailure(displayName: displayName)
    }

    package func prepare() throws {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            if errno == ENOENT {
                throw Diagnostic(
                    .fileAccess,
                    "cannot create the repository folder \(displayName)",
                    cause: "the folder above it does not exist",
                    hint: "Create that folder first, or correct the path."
                )
            }
            throw failure.diagnostic("create the folder")
        }
        let folder = try tree()
        try folder.syncParent(of: path)
    }

    package func holdsOnly(_ keys: Set<ObjectKey>) throws -> Bool {
        guard let folder = try treeIfPresent() else { return true }
        return try folder.holdsOnly(keys)
    }

    package func create(_ key: ObjectKey) throws -> any ObjectWriter {
        let folder = try tree()
        guard try folder.info(key) == nil else { throw Self.exists(key, displayName) }
        return try FolderWriter(key, in: folder)
    }

    package func read(_ key: ObjectKey, range: Range<Int64>?) throws -> any ByteSource {
        try FolderReader(key, range: range, in: try tree())
    }

    package func info(_ key: ObjectKey) throws -> ObjectInfo? { try tree().info(key) }

    package func list(_ prefix: String) throws -> [ObjectInfo] { try tree().list(prefix) }

    package func replace(_ key: ObjectKey, with bytes: [UInt8]) throws {
        let writer = try FolderWriter(key, in: try tree(), replaces: true)
        try writer.write(contentsOf: bytes)
        try writer.finish()
    }

    package func remove(_ key: ObjectKey) throws { try tree().remove(key) }

    package func removeAbandoned(before instant: Instant) throws { try tree().removeAbandoned(before: instant) }

    package func releaseReserve() throws { try FolderReserve(folder: try tree()).release() }

    package func keepReserve() throws { try FolderReserve(folder: try tree()).keep() }

    static func exists(_ key: ObjectKey, _ displayName: String) -> Diagnostic {
        Diagnostic(.objectExists, "'\(key)' already exists in \(displayName)")
    }

    private func tree() throws -> FolderTree {
        guard let folder = try treeIfPresent() else { throw failure.missingFolder() }
        return folder
    }

    private func treeIfPresent() throws -> FolderTree? {
        try root.withLock { root in
            if root == nil {
                guard let opened = OwnedDescriptor.open(path, in: AT_FDCWD, O_RDONLY | O_DIRECTORY) else {
                    if errno == ENOENT { return nil }
                    throw failure.diagnostic("open the folder")
                }
                root = consume opened
            }
            // The number stays open for as long as the store lives, and a tree never outlives the call it was made for.
            return switch root {
            case .some(let open): FolderTree(root: open.number, failure: failure)
            case .none: nil
            }
        }
    }
}
