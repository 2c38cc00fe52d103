import Diagnostics
import Glibc

/// A file that appears under its name only when it is complete and durable.
///
/// The bytes go into a temporary file of mode 0600 in the same folder; `finish()` makes them durable, gives them their
/// name and makes the name durable. After an error, or when the file is dropped without `finish()`, the temporary file
/// is removed; after a crash it stays, under a name that `isTemporary(_:)` knows. One exception: when everything
/// succeeded but the last step, the folder's own durability, `finish()` throws and the file is there. Belongs to one
/// thread; every call blocks; holds no buffer, so write in large pieces.
package final class AtomicFile: ByteSink {
    /// What `finish()` does about a file that already has the name.
    package enum Placement: Sendable {
        /// Leaves it alone and throws `.objectExists`.
        case create
        /// Takes its place at once: a reader sees the one or the other.
        case replace
    }

    package let path: String
    /// How many bytes were written.
    package private(set) var byteCount: Int64 = 0

    private let placement: Placement
    private let name: String
    private let folder: Descriptor
    private let temporaryName: String
    private let file: Descriptor
    /// Whether the temporary name is ours to remove.
    private var isPending = true

    private static let temporaryPrefix = ".partial-"

    /// Whether a file name is one that a writer uses before finishing; such files may be removed when nobody writes.
    package static func isTemporary(_ name: some StringProtocol) -> Bool { name.hasPrefix(temporaryPrefix) }

    /// Starts a file; its folder must exist.
    package init(path: String, _ placement: Placement) throws {
        let (folderPath, name) = splitPath(path)
        guard !name.isEmpty, name != ".", name != ".." else { throw Diagnostic.file("create", path, errno: EISDIR) }
        self.path = path
        self.name = name
        self.placement = placement
        folder = try Descriptor(open: folderPath, O_RDONLY | O_DIRECTORY, to: "open the folder")
        // Sixty-four random bits among exclusive creations: a collision is an error, not a loop.
        temporaryName = Self.temporaryPrefix + String(UInt64.random(in: .min ... .max), radix: 16)
        file = try Descriptor(
            open: temporaryName,
            in: folder,
            O_WRONLY | O_CREAT | O_EXCL,
            mode: 0o600,
            named: path,
            to: "create"
        )
    }

    deinit { abandon() }

    package func write(_ bytes: RawSpan) throws {
        try abandoningOnFailure {
            try file.writeAll(bytes)
            byteCount += Int64(bytes.byteCount)
        }
    }

    package func finish() throws {
        try abandoningOnFailure {
            guard isPending else { throw Diagnostic(.internalError, "cannot finish '\(redacted(path))' twice") }
            let size = try file.status().st_size
            guard Int64(size) == byteCount else {
                throw Diagnostic(
                    .fileAccess,
                    "cannot write '\(redacted(path))'",
                    cause: "\(byteCount) bytes were written, but the file has \(size)"
                )
            }
            try file.synchronize()
            try place()
            isPending = false
            try folder.synchronize()
        }
    }

    /// Removes what was written so far; harmless after `finish()`.
    package func abandon() {
        guard isPending else { return }
        isPending = false
        unlinkat(folder.number, temporaryName, 0)
    }

    private func abandoningOnFailure(_ body: () throws -> Void) throws {
        do { try body() } catch {
            abandon()
            throw error
        }
    }

    private func place() throws {
        switch placement {
        case .replace:
            try systemCall("name", path) { renameat(folder.number, temporaryName, folder.number, name) }
        case .create:
            // A hard link is the one way to give a name that POSIX lets fail when the name is taken.
            try link()
            unlinkat(folder.number, temporaryName, 0)
        }
    }

    private func link() throws {
        if linkat(folder.number, temporaryName, folder.number, name, 0) == 0 { return }
        let code = errno
        // Over NFS a repeated request can find the name that its first attempt made: then the file has two.
        if code == EEXIST, try file.status().st_nlink > 1 { return }
        switch code {
        case EEXIST:
            throw Diagnostic(.objectExists, "cannot create '\(redacted(path))'", cause: systemMessage(code))
        case EPERM, EOPNOTSUPP, ENOSYS:
            var failure = Diagnostic.file("name", path, errno: code)
            failure.hint = "Use a folder on a file system that knows hard links."
            throw failure
        default: throw Diagnostic.file("name", path, errno: code)
        }
    }
}

/// The folder and the last component of a path; the folder of a bare name is `.`.
func splitPath(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return (".", path) }
    let folder = path[..<slash]
    return (folder.isEmpty ? "/" : String(folder), String(path[path.utf8.index(after: slash)...]))
}
