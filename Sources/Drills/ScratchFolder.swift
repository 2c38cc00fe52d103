import AgeEncryption
import Diagnostics
import FoundationEssentials
import Glibc
import Repository
import Streams

/// Folders that hold scratch clusters: made here, recognised by their marker, removed here and nowhere else.
enum ScratchFolder {
    static let prefix = "lifeboat-drill-"
    private static let marker = "lifeboat-scratch"

    /// Creates `parent/lifeboat-drill-<random>`, readable by `owner` only, with a marker that names this process.
    ///
    /// The path stays short: a Unix socket's may have no more than 107 bytes.
    static func create(in parent: String, owner: String?) throws -> String {
        let folder = parent + "/" + prefix + Hex.encode(try randomBytes(6))
        guard folder.utf8.count <= 80 else {
            throw Diagnostic(
                .scratchCluster,
                "the folder '\(parent)' has too long a name for a scratch cluster",
                hint: "Name a shorter one in TMPDIR: the path of a Unix socket is limited to 107 bytes."
            )
        }
        guard mkdir(folder, 0o700) == 0 else { throw failure("create", folder) }
        let file = try AtomicFile(path: folder + "/" + marker, .create)
        try file.write(contentsOf: Array(try JSONEncoder().encode(ProcessToken.current)))
        try file.finish()
        try give(folder, to: owner)
        return folder
    }

    /// Hands a file or folder to `owner`; does nothing when there is none.
    static func give(_ path: String, to owner: String?) throws {
        guard let owner, let account = getpwnam(owner) else { return }
        guard lchown(path, account.pointee.pw_uid, account.pointee.pw_gid) == 0 else {
            throw failure("hand over", path)
        }
    }

    /// Removes a folder that carries the marker, and no other.
    static func remove(_ folder: String) {
        guard access(folder + "/" + marker, F_OK) == 0 else { return }
        try? Directory(folder).remove()
    }

    /// Folders below `parent` whose process is certainly gone; a doubt leaves a folder alone, for it may be in use.
    static func abandoned(in parent: String) -> [String] {
        names(in: parent).filter { $0.hasPrefix(prefix) }.map { parent + "/" + $0 }.filter { folder in
            guard let bytes = try? FileSource(path: folder + "/" + marker).readAll(limit: 4096),
                let owner = try? JSONDecoder().decode(ProcessToken.self, from: Data(bytes))
            else { return false }
            return owner.isKnownDead
        }
    }

    private static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let capacity = MemoryLayout.size(ofValue: entry.pointee.d_name)
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { name in
                    name.withMemoryRebound(to: CChar.self, capacity: capacity) { String(cString: $0) }
                }
            )
        }
        return names
    }

    private static func failure(_ verb: String, _ path: String) -> Diagnostic {
        Diagnostic(.scratchCluster, "cannot \(verb) '\(path)'", cause: String(cString: strerror(errno)))
    }
}

/// Removes what earlier rehearsals left behind when they were killed.
package enum ClusterJanitor {
    /// Removes abandoned scratch folders below `parent` and returns their paths.
    ///
    /// Their servers died with their processes.
    package static func sweep(_ parent: String) -> [String] {
        let found = ScratchFolder.abandoned(in: parent)
        for folder in found { ScratchFolder.remove(folder) }
        return found
    }
}
