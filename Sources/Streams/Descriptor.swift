import Diagnostics
import Glibc

/// An open file descriptor, closed when its owner goes.
final class Descriptor {
    let number: CInt
    /// What errors call it.
    let path: String

    /// Opens `path`, with `O_CLOEXEC` added to `flags`.
    init(open path: String, _ flags: CInt, mode: mode_t = 0, to attempt: String) throws(Diagnostic) {
        number = try systemCall(attempt, path) { Glibc.open(path, flags | O_CLOEXEC, mode) }
        self.path = path
    }

    /// Opens `name` in the folder `parent`, with `O_CLOEXEC` and `O_NOFOLLOW` added to `flags`; errors call it
    /// `shownPath`, or by its own path.
    init(
        open name: UnsafePointer<CChar>,
        in parent: Descriptor,
        _ flags: CInt,
        mode: mode_t = 0,
        named shownPath: String? = nil,
        to attempt: String
    ) throws(Diagnostic) {
        let path = shownPath ?? parent.path + "/" + String(cString: name)
        number = try systemCall(attempt, path) {
            openat(parent.number, name, flags | O_CLOEXEC | O_NOFOLLOW, mode)
        }
        self.path = path
    }

    deinit { close(number) }

    /// Writes all of `bytes`, however many calls it takes.
    func writeAll(_ bytes: RawSpan) throws(Diagnostic) {
        try bytes.withUnsafeBytes { (all: UnsafeRawBufferPointer) throws(Diagnostic) in
            var rest = all[...]
            while !rest.isEmpty {
                let part = UnsafeRawBufferPointer(rebasing: rest)
                let count = try systemCall("write", path) { Glibc.write(number, part.baseAddress, part.count) }
                rest = rest.dropFirst(count)
            }
        }
    }

    /// Makes everything written durable.
    ///
    /// Never call it again after a failure: the kernel reports a lost write once and then forgets it.
    func synchronize() throws(Diagnostic) {
        guard fsync(number) == 0 else { throw .file("make durable", path, errno: errno) }
    }

    /// What the system knows about the file now.
    func status() throws(Diagnostic) -> stat {
        var status = stat()
        try systemCall("examine", path) { fstat(number, &status) }
        return status
    }
}
