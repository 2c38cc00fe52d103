import AgeEncryption
import Diagnostics
import Glibc
import Repository
import Streams

/// Folders that hold scratch clusters: made here, recognised by their names, removed here and nowhere else.
///
/// The name says whose a folder is from the moment it exists: a process killed at any instant leaves nothing behind that
/// the next drill could not tell from a live one.
enum ScratchFolder {
    static let prefix = "lifeboat-drill-"

    /// Creates `parent/lifeboat-drill-<namespace>-<process>-<its start>-<random>`, readable by `owner` only.
    ///
    /// The path stays short: a Unix socket's may have no more than 107 bytes.
    static func create(in parent: String, owner: String?) throws -> String {
        let process = ProcessToken.current
        let words = [digits(process.namespace), "\(process.id)", process.startTicks, Hex.encode(try randomBytes(4))]
        let folder = parent + "/" + prefix + words.joined(separator: "-")
        guard folder.utf8.count <= 85 else {
            throw Diagnostic(
                .scratchCluster,
                "the folder '\(parent)' has too long a name for a scratch cluster",
                hint: "Name a shorter one in TMPDIR: the path of a Unix socket is limited to 107 bytes."
            )
        }
        guard mkdir(folder, 0o700) == 0 else { throw failure("create", folder) }
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

    /// Removes a folder whose name is one of ours, and no other.
    ///
    /// A server that dies with its killed owner may still be writing its last files, so this tries for two seconds.
    static func remove(_ folder: String) {
        guard owner(of: folder.split(separator: "/").last ?? "") != nil else { return }
        for _ in 0..<20 {
            try? Directory(folder).remove()
            guard Directory(folder).exists else { return }
            usleep(100_000)
        }
    }

    /// Folders below `parent` whose process is certainly gone; a doubt leaves a folder alone, for it may be in use.
    static func abandoned(in parent: String) -> [String] {
        names(in: parent).filter { owner(of: $0[...])?.isKnownDead ?? false }.map { parent + "/" + $0 }
    }

    /// The process that a folder's name speaks of; nil when the name is none of ours.
    ///
    /// A process in another namespace (a container that shares the folder) cannot be judged, so its token names no boot.
    private static func owner(of name: Substring) -> ProcessToken? {
        guard name.hasPrefix(prefix) else { return nil }
        let fields = name.dropFirst(prefix.count).split(separator: "-", omittingEmptySubsequences: false)
        guard fields.count == 4, let process = Int32(fields[1]), UInt64(fields[2]) != nil,
            Hex.decode(fields[3])?.count == 4
        else { return nil }
        var token = ProcessToken.current
        if fields[0] != digits(token.namespace) { token.boot = "" }
        token.id = process
        token.startTicks = String(fields[2])
        return token
    }

    private static func digits(_ namespace: String) -> String { namespace.filter { $0.isASCII && $0.isNumber } }

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
