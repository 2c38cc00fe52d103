import AgeEncryption
import SecureShell

/// A megabyte that is kept so that a collection, which must write a little before it may delete, works on a full disk.
///
/// Random bytes: a file system that compresses would keep nothing for others.
struct SFTPReserve {
    static let bytes = 1 << 20

    let tree: SFTPTree

    private var path: String { "\(tree.root)/\(FolderReserve.name)" }

    /// Gives it back; a login that may not remove leaves it.
    func release() throws {
        do { try tree.session.remove(path) } catch SecureShellError.status(.noSuchFile) {
        } catch SecureShellError.status(.permissionDenied) {}
    }

    /// Takes the space where there is plenty; else there is no reserve until the next time.
    func keep() throws {
        guard try tree.session.facts(path) == nil, let free = try tree.session.freeBytes(tree.root),
            free > Int64(2 * Self.bytes)
        else { return }
        let file = try tree.session.create(path)
        do {
            try randomBytes(Self.bytes).withUnsafeBytes { try file.write($0) }
            try file.close()
        } catch SecureShellError.status {
            try? file.close()
            try release()
        }
    }
}
