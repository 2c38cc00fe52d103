import Diagnostics
import Glibc

/// A few megabytes that are kept so that a collection, which must write a little before it may delete, works on a full
/// disk.
struct FolderReserve {
    static let name = FolderTree.hiddenPrefix + "reserve"
    static let bytes: off_t = 4 << 20

    let folder: FolderTree

    func release() throws {
        guard unlinkat(folder.root, Self.name, 0) == 0 || errno == ENOENT else {
            throw folder.failure.diagnostic("release the reserve")
        }
    }

    /// Takes the space; on a disk without it there is no reserve until the next time.
    func keep() throws {
        guard let file = OwnedDescriptor.open(Self.name, in: folder.root, O_WRONLY | O_CREAT | O_NOFOLLOW, mode: 0o600)
        else {
            if errno == ENOSPC || errno == EDQUOT { return }
            throw folder.failure.diagnostic("keep a reserve")
        }
        FolderTree.give(file.number, toOwnerOf: folder.root)
        let status = posix_fallocate(file.number, 0, Self.bytes)
        if status == ENOSPC || status == EDQUOT { try release() }
    }
}
