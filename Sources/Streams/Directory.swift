import Diagnostics
import Glibc

/// A folder of the file system, by its path.
package struct Directory: Sendable, Hashable {
    package let path: String

    /// Names a folder, which need not exist; slashes at the end do not matter.
    package init(_ path: String) {
        let trailing = path.utf8.reversed().prefix { $0 == UInt8(ascii: "/") }.count
        self.path = trailing == path.utf8.count && trailing > 0 ? "/" : String(path.dropLast(trailing))
    }

    /// Whether there is a folder of that name.
    package var exists: Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Creates the folder, and those above it that are missing, with mode 0700, each of them durable.
    package func create() throws {
        if exists { return }
        let (parent, _) = splitPath(path)
        guard !path.isEmpty, parent != path else { throw Diagnostic.file("create the folder", path, errno: ENOENT) }
        try Directory(parent).create()
        // Somebody else may create it at the same moment; that is as good.
        guard mkdir(path, 0o700) == 0 || (errno == EEXIST && exists) else {
            throw Diagnostic.file("create the folder", path, errno: errno)
        }
        try Directory(parent).synchronize()
    }

    /// Makes the names in the folder durable.
    package func synchronize() throws {
        try Descriptor(open: path, O_RDONLY | O_DIRECTORY, to: "open the folder").synchronize()
    }

    /// How many bytes an unprivileged process may still write there.
    package func freeBytes() throws -> Int64 {
        var status = statvfs()
        try systemCall("examine", path) { statvfs(path, &status) }
        return Int64(clamping: UInt64(status.f_bavail) &* UInt64(status.f_frsize))
    }

    /// Removes the folder and everything in it.
    ///
    /// Links are removed, never followed. Nothing happens if the folder is missing.
    package func remove() throws {
        let (parentPath, name) = splitPath(path)
        guard !name.isEmpty, name != ".", name != ".." else { throw Diagnostic.file("remove", path, errno: EINVAL) }
        let parent = try Descriptor(open: parentPath, O_RDONLY | O_DIRECTORY, to: "open the folder")
        guard faccessat(parent.number, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT else { return }
        try name.withCString { try DirectoryRemoval.remove($0, in: parent) }
        try parent.synchronize()
    }

    /// Removes one file and makes that durable; `false` if there was none.
    @discardableResult
    package static func removeFile(_ path: String) throws -> Bool {
        let (parentPath, name) = splitPath(path)
        let parent = try Descriptor(open: parentPath, O_RDONLY | O_DIRECTORY, to: "open the folder")
        guard unlinkat(parent.number, name, 0) == 0 else {
            guard errno == ENOENT else { throw Diagnostic.file("remove", path, errno: errno) }
            return false
        }
        try parent.synchronize()
        return true
    }
}
