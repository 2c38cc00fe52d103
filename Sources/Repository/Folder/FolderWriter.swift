import AgeEncryption
import Diagnostics
import Glibc
import Streams

/// One object on its way into a folder.
///
/// The file has no name at all until it is linked to its key (`O_TMPFILE`), so that a killed process leaves nothing
/// behind; where the file system cannot do that, it has a hidden name meanwhile. An error of `fsync` is final: the pages
/// may be gone, so the file is never synced again but abandoned.
final class FolderWriter: ObjectWriter {
    static let temporaryPrefix = FolderTree.hiddenPrefix + "tmp-"

    /// `O_TMPFILE`, which the C macro hides from Swift.
    private static let unnamed: Int32 = 0o20000000 | O_DIRECTORY

    private let key: ObjectKey
    private let tree: FolderTree
    private let folder: OwnedDescriptor
    private let file: OwnedDescriptor
    /// The hidden name; nil while the file has none.
    private var temporaryName: String?
    private let replaces: Bool

    init(_ key: ObjectKey, in tree: FolderTree, replaces: Bool = false) throws {
        guard let folder = try tree.openFolder(of: key, creating: true) else {
            throw tree.failure.diagnostic("create '\(key)'", ENOENT)
        }
        let hidden = Self.temporaryPrefix + Hex.encode(try randomBytes(8))
        // Replacing needs a rename, and a rename needs a name.
        var file = replaces ? nil : OwnedDescriptor.open(".", in: folder.number, O_WRONLY | Self.unnamed, mode: 0o600)
        if file == nil {
            file = OwnedDescriptor.open(hidden, in: folder.number, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
            temporaryName = hidden
        }
        guard let file else { throw tree.failure.diagnostic("create '\(key)'") }
        FolderTree.give(file.number, toOwnerOf: folder.number)
        self.key = key
        self.tree = tree
        self.folder = folder
        self.file = file
        self.replaces = replaces
    }

    deinit { removeTemporary() }

    func write(_ bytes: RawSpan) throws {
        try bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(file.number, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw tree.failure.diagnostic("write '\(key)'") }
                rest = rest.dropFirst(count)
            }
        }
    }

    func finish() throws {
        guard fsync(file.number) == 0 else { throw tree.failure.diagnostic("write '\(key)'") }
        let name = FolderTree.fileName(key)
        let status = replaces ? rename(to: name) : link(to: name)
        guard status == 0 else {
            if errno == EEXIST { throw FolderStore.exists(key, tree.failure.displayName) }
            throw tree.failure.diagnostic("create '\(key)'")
        }
        if !replaces { removeTemporary() }
        temporaryName = nil
        do {
            try tree.sync(folder.number)
        } catch {
            // A name that a power loss may take back must not be told to be there, nor be there when this has failed.
            if !replaces { unlinkat(folder.number, name, 0) }
            throw error
        }
    }

    private func rename(to name: String) -> Int32 {
        renameat(folder.number, temporaryName ?? "", folder.number, name)
    }

    /// Gives the file its name, or fails with EEXIST: both ways are atomic and never replace.
    private func link(to name: String) -> Int32 {
        guard let temporaryName else {
            return linkat(AT_FDCWD, "/proc/self/fd/\(file.number)", folder.number, name, AT_SYMLINK_FOLLOW)
        }
        return linkat(folder.number, temporaryName, folder.number, name, 0)
    }

    private func removeTemporary() {
        guard let temporaryName else { return }
        unlinkat(folder.number, temporaryName, 0)
    }
}
