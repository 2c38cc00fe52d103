import Diagnostics
import Glibc

/// Delivers a file, or a range of its bytes.
///
/// The end is fixed when the file is opened: a file that turns out shorter than that is an error, never an early end.
/// Belongs to one thread; every call blocks; holds no buffer.
package final class FileSource: ByteSource {
    /// The size of the whole file when it was opened.
    package let fileSize: Int64

    private let file: Descriptor
    private var position: Int64
    private let end: Int64

    /// Opens a file; throws `.objectMissing` if there is none, `.objectCorrupt` if it ends before `range` does.
    package init(path: String, range: Range<Int64>? = nil) throws {
        do {
            file = try Descriptor(open: path, O_RDONLY, to: "read")
        } catch let failure {
            guard access(path, F_OK) != 0, errno == ENOENT else { throw failure }
            throw Diagnostic(.objectMissing, failure.summary, cause: failure.cause)
        }
        let status = try file.status()
        guard status.st_mode & S_IFMT != S_IFDIR else { throw Diagnostic.file("read", path, errno: EISDIR) }
        fileSize = Int64(status.st_size)
        position = range?.lowerBound ?? 0
        end = range?.upperBound ?? fileSize
        guard position >= 0, end <= fileSize else { throw tooShort(fileSize) }
        posix_fadvise(file.number, off_t(position), off_t(end - position), POSIX_FADV_SEQUENTIAL)
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let wanted = Int(min(Int64(buffer.count), end - position))
        guard wanted > 0 else { return 0 }
        let count = try systemCall("read", file.path) {
            pread(file.number, buffer.baseAddress, wanted, off_t(position))
        }
        guard count > 0 else { throw tooShort(position) }
        position += Int64(count)
        return count
    }

    private func tooShort(_ size: Int64) -> Diagnostic {
        Diagnostic(
            .objectCorrupt,
            "cannot read '\(redacted(file.path))'",
            cause: "it ends at byte \(size), expected \(end)"
        )
    }
}
