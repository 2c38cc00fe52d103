import AgeEncryption
import Diagnostics
import Glibc
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
        try file.write(text: "\(getpid()) \(startTime(of: getpid()) ?? 0)\n")
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

    /// Folders below `parent` whose process is gone.
    static func abandoned(in parent: String) -> [String] {
        names(in: parent).filter { $0.hasPrefix(prefix) }.map { parent + "/" + $0 }.filter { folder in
            guard let bytes = try? FileSource(path: folder + "/" + marker).readAll(limit: 100) else { return false }
            let fields = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
            guard fields.count == 2, let process = pid_t(fields[0]), let started = UInt64(fields[1]) else {
                return false
            }
            return startTime(of: process) != started
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

    /// When a process began, in clock ticks since boot: with the id it names a process for good.
    private static func startTime(of process: pid_t) -> UInt64? {
        guard let bytes = try? FileSource(path: "/proc/\(process)/stat").readAll(limit: 4096) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 19 ? UInt64(fields[19]) : nil
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
