import Diagnostics
import Model
import SecureShell

/// The folders and files below a store's root, as one connection sees them.
///
/// Lives no longer than the connection's lock is held. Names of ours that are no objects begin as they do in a folder of
/// this machine, so that the same repository can be opened either way.
struct SFTPTree {
    let session: SFTPSession
    let root: String
    let failure: SFTPFailure

    func path(_ key: ObjectKey) -> String { "\(root)/\(key.text)" }

    func folder(of key: ObjectKey) -> String {
        let components = key.components.dropLast()
        return components.isEmpty ? root : "\(root)/\(components.joined(separator: "/"))"
    }

    func info(_ key: ObjectKey) throws -> ObjectInfo? {
        guard let facts = try session.facts(path(key)) else {
            try requireRoot()
            return nil
        }
        guard facts.kind == .file else { throw obstacle("look up '\(key)'") }
        return ObjectInfo(key: key, facts)
    }

    /// Makes the folder of an object and those above it, never the root itself; returns the folders that are new.
    func makeFolder(of key: ObjectKey) throws -> [String] {
        try requireRoot()
        var path = root
        var made: [String] = []
        for component in key.components.dropLast() {
            let parent = path
            path += "/\(component)"
            do {
                try session.makeFolder(path)
                made.append(parent)
            } catch SecureShellError.status(let status) {
                // Version 3 has no word for "exists"; another writer may have been faster.
                guard let facts = try session.facts(path) else { throw SecureShellError.status(status) }
                guard facts.kind == .folder else { throw obstacle("make the folder '\(component)'") }
            }
        }
        return made
    }

    /// Every object below `prefix`, or an error: what is neither a file nor a folder is one.
    func list(_ prefix: String) throws -> [ObjectInfo] {
        var found: [ObjectInfo] = []
        try visit(prefix) { path, facts in
            if path.split(separator: "/").contains(where: { $0.hasPrefix(".") }) { return }
            guard facts.kind == .file else { throw obstacle("list '\(path)'") }
            if let key = ObjectKey(path) { found.append(ObjectInfo(key: key, facts)) }
        }
        return found.sorted { $0.key < $1.key }
    }

    func holdsOnly(_ keys: Set<ObjectKey>) throws -> Bool {
        var isAlone = true
        try visit("") { path, _ in
            if path.split(separator: "/").last?.hasPrefix(FolderTree.hiddenPrefix) == true { return }
            if ObjectKey(path).map(keys.contains) != true { isAlone = false }
        }
        return isAlone
    }

    func removeAbandoned(before instant: Instant) throws {
        var abandoned: [String] = []
        try visit("") { path, facts in
            let name = path.split(separator: "/").last ?? ""
            guard name.hasPrefix(FolderWriter.temporaryPrefix) else { return }
            if Instant(secondsSinceEpoch: facts.modified) < instant { abandoned.append(path) }
        }
        for path in abandoned {
            do { try session.remove("\(root)/\(path)") } catch SecureShellError.status(.noSuchFile) {}
        }
    }

    /// Puts the names in a folder on stable storage; false where the server cannot do that.
    func syncNames(in folder: String) throws -> Bool {
        do {
            let open = try session.open(folder)
            let isDone = try open.sync()
            try open.close()
            return isDone
        } catch SecureShellError.status {
            return false
        }
    }

    func requireRoot() throws {
        guard let facts = try session.facts(root) else { throw failure.missingFolder() }
        // A link to the folder is the server's owner's own affair.
        guard facts.kind != .file else { throw obstacle("open the folder") }
    }

    /// Calls `body` with everything below `prefix` that is no folder, by its path from the root.
    private func visit(_ prefix: String, _ body: (_ path: String, _ facts: SFTPFacts) throws -> Void) throws {
        var pending = [prefix]
        while let inner = pending.popLast() {
            guard let entries = try session.entries(inner.isEmpty ? root : "\(root)/\(inner)") else {
                // A folder that went away meanwhile holds nothing; the root must be there.
                try requireRoot()
                continue
            }
            for entry in entries {
                let path = inner.isEmpty ? entry.name : "\(inner)/\(entry.name)"
                if entry.facts.kind == .folder {
                    // A file system's own folder, which only its administrator can read.
                    if path != "lost+found" { pending.append(path) }
                } else {
                    try body(path, entry.facts)
                }
            }
        }
    }

    private func obstacle(_ action: String) -> Diagnostic {
        Diagnostic(
            .repositoryStorage,
            "cannot \(action) in \(failure.displayName)",
            cause: "a symbolic link or a file stands where a folder or an object should be",
            hint: "Put it back; links inside a repository are never followed."
        )
    }
}

extension ObjectInfo {
    init(key: ObjectKey, _ facts: SFTPFacts) {
        self.init(key: key, bytes: facts.bytes, modified: Instant(secondsSinceEpoch: facts.modified))
    }
}
