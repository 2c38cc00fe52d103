import Glibc

/// An open file or folder; closed when it goes out of scope.
struct OwnedDescriptor: ~Copyable, Sendable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    deinit { close(number) }

    /// Opens `name` in the folder `parent` (or a path with `AT_FDCWD`); nil leaves the reason in `errno`.
    static func open(_ name: String, in parent: Int32, _ flags: Int32, mode: mode_t = 0) -> OwnedDescriptor? {
        let number = openat(parent, name, flags | O_CLOEXEC, mode)
        return number >= 0 ? OwnedDescriptor(number) : nil
    }
}
