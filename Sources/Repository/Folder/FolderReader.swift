import Diagnostics
import Glibc
import Streams

/// The bytes of an object in a folder, or of a range of it.
final class FolderReader: ByteSource {
    private let key: ObjectKey
    private let failure: FolderFailure
    private let file: OwnedDescriptor
    private var position: Int64
    private let end: Int64

    init(_ key: ObjectKey, range: Range<Int64>?, in tree: FolderTree) throws {
        guard let folder = try tree.openFolder(of: key),
            let file = OwnedDescriptor.open(FolderTree.fileName(key), in: folder.number, O_RDONLY | O_NOFOLLOW)
        else {
            if errno == ENOENT {
                throw Diagnostic(
                    .objectMissing,
                    "'\(key)' is missing from \(tree.failure.displayName)",
                    hint: "Use another point or another copy of the repository."
                )
            }
            throw tree.failure.diagnostic("read '\(key)'")
        }
        var facts = stat()
        guard fstat(file.number, &facts) == 0 else { throw tree.failure.diagnostic("read '\(key)'") }
        let size = Int64(facts.st_size)
        if let range, range.lowerBound < 0 || range.upperBound > size {
            throw Diagnostic(
                .objectCorrupt,
                "'\(key)' in \(tree.failure.displayName) has \(size) bytes, and more are expected",
                hint: "Use another point or another copy of the repository."
            )
        }
        self.key = key
        failure = tree.failure
        self.file = file
        position = range?.lowerBound ?? 0
        end = range?.upperBound ?? size
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let wanted = Int(min(Int64(buffer.count), end - position))
        guard wanted > 0 else { return 0 }
        while true {
            let count = pread(file.number, buffer.baseAddress, wanted, off_t(position))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw refusal() }
            guard count > 0 else {
                throw Diagnostic(.objectCorrupt, "'\(key)' in \(failure.displayName) became shorter while it was read")
            }
            position += Int64(count)
            return count
        }
    }

    /// A medium that cannot give back one object's bytes has damaged that object; anything else concerns the store.
    private func refusal() -> Diagnostic {
        guard errno == EIO else { return failure.diagnostic("read '\(key)'") }
        return Diagnostic(
            .objectCorrupt,
            "cannot read '\(key)' from \(failure.displayName)",
            cause: String(cString: strerror(EIO)),
            hint: "Use another point or another copy of the repository, and replace the disk."
        )
    }
}
