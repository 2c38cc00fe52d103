import Diagnostics
import Glibc

/// Something found in a folder.
package struct DirectoryEntry: Sendable, Hashable {
    /// What it is; a link is what it is, not what it points to.
    package enum Kind: Sendable {
        case file
        case folder
        case link
        case other
    }

    /// The path from the folder that was walked.
    package let path: String
    package let kind: Kind
    package let size: Int64
    /// The time of the last change in nanoseconds since 1970.
    package let modifiedNanoseconds: Int64
}

extension Directory {
    /// Visits everything below, folders before their contents, each folder in the order of its names.
    ///
    /// What disappears meanwhile is passed over; a folder that cannot be read is an error, so the walk never looks
    /// complete without being it. Links are not followed. Holds one descriptor and the names of one folder per level.
    package func walk(_ visit: (DirectoryEntry) throws -> Void) throws {
        let root = try Descriptor(open: path, O_RDONLY | O_DIRECTORY, to: "list")
        try Self.walk(root, prefix: "", visit)
    }

    /// Everything below, as `walk(_:)` visits it.
    package func entries() throws -> [DirectoryEntry] {
        var result: [DirectoryEntry] = []
        try walk { result.append($0) }
        return result
    }

    private static func walk(
        _ folder: Descriptor,
        prefix: String,
        _ visit: (DirectoryEntry) throws -> Void
    ) throws {
        var names: [String] = []
        try forEachName(in: folder) { raw in
            guard let name = String(validatingCString: raw) else {
                throw Diagnostic(
                    .fileAccess,
                    "cannot list '\(redacted(folder.path))'",
                    cause: "'\(String(cString: raw))' is no UTF-8 name"
                )
            }
            names.append(name)
        }
        for name in names.sorted() {
            var status = stat()
            guard fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                if errno == ENOENT { continue }
                throw Diagnostic.file("examine", folder.path + "/" + name, errno: errno)
            }
            let entry = DirectoryEntry(path: prefix + name, status)
            try visit(entry)
            guard entry.kind == .folder else { continue }
            guard let child = try open(name, in: folder) else { continue }
            try walk(child, prefix: entry.path + "/", visit)
        }
    }

    /// Opens a folder that was seen a moment ago; `nil` if it has gone since.
    private static func open(_ name: String, in parent: Descriptor) throws -> Descriptor? {
        do {
            return try Descriptor(open: name, in: parent, O_RDONLY | O_DIRECTORY, to: "list")
        } catch let failure {
            if faccessat(parent.number, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0, errno == ENOENT { return nil }
            throw failure
        }
    }

    /// Hands every name in a folder to `body`, but for `.` and `..`.
    static func forEachName(in folder: Descriptor, _ body: (UnsafePointer<CChar>) throws -> Void) throws {
        // The stream owns and moves its descriptor, so it gets one of its own.
        let own = try systemCall("list", folder.path) { openat(folder.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard let stream = fdopendir(own) else {
            let code = errno
            close(own)
            throw Diagnostic.file("list", folder.path, errno: code)
        }
        defer { closedir(stream) }
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw Diagnostic.file("list", folder.path, errno: errno) }
                return
            }
            try withUnsafePointer(to: &entry.pointee.d_name.0) { name in
                if strcmp(name, ".") != 0, strcmp(name, "..") != 0 { try body(name) }
            }
        }
    }
}

extension DirectoryEntry {
    fileprivate init(path: String, _ status: stat) {
        self.path = path
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFLNK: .link
            default: .other
            }
        size = Int64(status.st_size)
        modifiedNanoseconds = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }
}

/// Removing a tree from its leaves.
enum DirectoryRemoval {
    /// Removes `name` in `parent`, whatever it is.
    static func remove(_ name: UnsafePointer<CChar>, in parent: Descriptor) throws {
        if unlinkat(parent.number, name, 0) == 0 || errno == ENOENT { return }
        let code = errno
        guard code == EISDIR || code == EPERM else {
            throw Diagnostic.file("remove", parent.path + "/" + String(cString: name), errno: code)
        }
        let folder = try Descriptor(open: name, in: parent, O_RDONLY | O_DIRECTORY, to: "remove")
        try Directory.forEachName(in: folder) { try remove($0, in: folder) }
        guard unlinkat(parent.number, name, AT_REMOVEDIR) == 0 || errno == ENOENT else {
            throw Diagnostic.file("remove", folder.path, errno: errno)
        }
    }
}
