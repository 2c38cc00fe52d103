import Diagnostics
import Glibc
import Model

/// The folders and files below a store's root, reached without ever following a symbolic link.
struct FolderTree {
    /// What hidden names of ours begin with; no object's name begins with a dot.
    static let hiddenPrefix = ".lifeboat-"

    let root: Int32
    let failure: FolderFailure

    /// The folder that holds `key`, made with everything above it when `creating`; nil when it does not exist.
    func openFolder(of key: ObjectKey, creating: Bool = false) throws -> OwnedDescriptor? {
        try openFolder(key.components.dropLast(), creating: creating)
    }

    func openFolder(_ components: some Sequence<Substring>, creating: Bool = false) throws -> OwnedDescriptor? {
        guard var current = OwnedDescriptor.open(".", in: root, O_RDONLY | O_DIRECTORY) else {
            throw failure.diagnostic("open the folder")
        }
        for component in components {
            let name = String(component)
            let isNew = creating && mkdirat(current.number, name, 0o700) == 0
            if isNew { try sync(current.number) }
            guard let next = OwnedDescriptor.open(name, in: current.number, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) else {
                if errno == ENOENT, !creating { return nil }
                throw failure.diagnostic("open '\(name)'")
            }
            if isNew { Self.give(next.number, toOwnerOf: current.number) }
            current = next
        }
        return current
    }

    /// What root makes belongs to whoever owns the folder: those who use the repository otherwise, by SFTP or from a schedule,
    /// could not read it any more.
    static func give(_ file: Int32, toOwnerOf folder: Int32) {
        var facts = stat()
        guard geteuid() == 0, fstat(folder, &facts) == 0, facts.st_uid != 0 else { return }
        _ = fchown(file, facts.st_uid, facts.st_gid)
    }

    func info(_ key: ObjectKey) throws -> ObjectInfo? {
        guard let folder = try openFolder(of: key) else { return nil }
        var facts = stat()
        guard fstatat(folder.number, Self.fileName(key), &facts, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT { return nil }
            throw failure.diagnostic("look up '\(key)'")
        }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw failure.diagnostic("look up '\(key)'", ELOOP) }
        return ObjectInfo(key: key, facts)
    }

    func remove(_ key: ObjectKey) throws {
        guard let folder = try openFolder(of: key) else { return }
        guard unlinkat(folder.number, Self.fileName(key), 0) == 0 else {
            if errno == ENOENT { return }
            if errno == EACCES || errno == EPERM || errno == EROFS { throw failure.deleteDenied(key) }
            throw failure.diagnostic("remove '\(key)'")
        }
        try sync(folder.number)
    }

    func list(_ prefix: String) throws -> [ObjectInfo] {
        guard let folder = try openFolder(prefix.split(separator: "/")) else { return [] }
        var found: [ObjectInfo] = []
        try visit(folder.number, prefix) { entry in
            if let key = ObjectKey(entry.path) { found.append(ObjectInfo(key: key, entry.facts)) }
        }
        return found.sorted { $0.key < $1.key }
    }

    func holdsOnly(_ keys: Set<ObjectKey>) throws -> Bool {
        var isAlone = true
        try visit(root, "", includesHidden: true) { entry in
            let name = entry.path.split(separator: "/").last ?? ""
            if name.hasPrefix(Self.hiddenPrefix) { return }
            if ObjectKey(entry.path).map(keys.contains) != true { isAlone = false }
        }
        return isAlone
    }

    func removeAbandoned(before instant: Instant) throws {
        try visit(root, "", includesHidden: true) { entry in
            let name = entry.path.split(separator: "/").last ?? ""
            guard name.hasPrefix(FolderWriter.temporaryPrefix), Instant(entry.facts.st_mtim) < instant else { return }
            unlinkat(entry.folder, String(name), 0)
        }
    }

    /// Makes what happened in a folder durable; a file system that cannot sync folders says so with EINVAL.
    func sync(_ folder: Int32) throws {
        guard fsync(folder) == 0 || errno == EINVAL || errno == ENOTSUP else {
            throw failure.diagnostic("sync a folder")
        }
    }

    func syncParent(of path: String) throws {
        guard let parent = OwnedDescriptor.open("..", in: root, O_RDONLY | O_DIRECTORY) else { return }
        try sync(parent.number)
    }

    static func fileName(_ key: ObjectKey) -> String { String(key.components.last ?? "") }
}

/// One thing found below a folder.
struct FolderEntry {
    /// Relative to the store's root.
    var path: String
    /// The folder it lies in, open for the length of the visit.
    var folder: Int32
    var facts: stat
}

extension FolderTree {
    /// Visits every file below `folder`, or throws: a listing is complete or it is an error.
    ///
    /// Folders are entered; hidden names are visited only with `includesHidden`. Without it, what is neither a file nor a
    /// folder is an error.
    func visit(
        _ folder: Int32,
        _ path: String,
        includesHidden: Bool = false,
        _ body: (FolderEntry) throws -> Void
    ) throws {
        // Sorted here, where names are short, so that a listing of many is nearly in order as a whole.
        for name in try names(in: folder).sorted() {
            guard includesHidden || !name.hasPrefix(".") else { continue }
            var facts = stat()
            guard fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 else {
                if errno == ENOENT { continue }
                throw failure.diagnostic("list '\(path)'")
            }
            let inner = path.isEmpty ? name : Self.joined(path, name)
            let kind = facts.st_mode & S_IFMT
            if kind == S_IFDIR {
                try visitFolder(name, in: folder, inner, includesHidden, body)
            } else {
                // Passing over a link would make a listing look complete that is not.
                guard kind == S_IFREG || includesHidden else { throw failure.diagnostic("list '\(inner)'", ELOOP) }
                try body(FolderEntry(path: inner, folder: folder, facts: facts))
            }
        }
    }

    /// `path/name`, allocated once.
    private static func joined(_ path: String, _ name: String) -> String {
        var text = ""
        text.reserveCapacity(path.utf8.count + name.utf8.count + 1)
        text += path
        text += "/"
        text += name
        return text
    }

    private func visitFolder(
        _ name: String,
        in parent: Int32,
        _ path: String,
        _ includesHidden: Bool,
        _ body: (FolderEntry) throws -> Void
    ) throws {
        // A file system's own folder, which only its administrator can read.
        if path == "lost+found" { return }
        guard let folder = OwnedDescriptor.open(name, in: parent, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) else {
            if errno == ENOENT { return }
            throw failure.diagnostic("list '\(path)'")
        }
        try visit(folder.number, path, includesHidden: includesHidden, body)
    }

    /// The names in a folder, in no order; `readdir` reports its errors only through `errno`.
    private func names(in folder: Int32) throws -> [String] {
        // A descriptor of its own: the position of a duplicate would be shared.
        let number = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0, let stream = fdopendir(number) else { throw failure.diagnostic("list a folder") }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw failure.diagnostic("list a folder") }
                return names
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
    }
}

extension ObjectInfo {
    init(key: ObjectKey, _ facts: stat) {
        self.init(key: key, bytes: Int64(facts.st_size), modified: Instant(facts.st_mtim))
    }
}

extension Instant {
    init(_ time: timespec) {
        self.init(microsecondsSinceEpoch: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}
