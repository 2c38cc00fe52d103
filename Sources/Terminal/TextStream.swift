import Glibc
import Synchronization

/// A file descriptor that text is written to: standard output or standard error.
///
/// Writes block, go on after an interrupted call, and are whole: two threads never mix their lines. When the reader has
/// gone away (`EPIPE`) the text goes nowhere from then on, and the work behind it is not disturbed: a backup whose
/// output was piped into `head` still ends well. The process must ignore `SIGPIPE`.
package final class TextStream: Sendable {
    package static let standardOutput = TextStream(descriptor: STDOUT_FILENO)
    package static let standardError = TextStream(descriptor: STDERR_FILENO)

    private let descriptor: Int32
    /// The error number of the write that failed; nothing is written after it.
    private let broken = Mutex<CInt?>(nil)
    /// Whether a person is looking at it.
    package let isTerminal: Bool

    /// Creates a stream over a descriptor that stays the caller's.
    package init(descriptor: Int32) {
        self.descriptor = descriptor
        isTerminal = isatty(descriptor) == 1
    }

    /// Whether the reader has gone away, or the descriptor cannot be written.
    package var isBroken: Bool { broken.withLock { $0 } != nil }

    /// Why text was lost that somebody may be waiting for: a full disk, a broken device.
    ///
    /// Nil when the reader, or the terminal, went away or nobody ever listened (a closed stream, whose number something else has taken
    /// since), which is their own affair.
    package var loss: CInt? {
        broken.withLock { $0 }.flatMap { code in
            [EPIPE, EBADF, EINVAL].contains(code) || (code == EIO && isTerminal) ? nil : code
        }
    }

    /// The terminal's columns now, nil when it is none.
    package var columns: Int? {
        guard isTerminal else { return nil }
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Writes the text as it is: callers sanitise.
    func write(_ text: String) {
        broken.withLock { broken in
            guard broken == nil else { return }
            var copy = text
            broken = copy.withUTF8 { writeAll(UnsafeRawBufferPointer($0)) }
        }
    }

    /// Returns the error number where not all could be written.
    private func writeAll(_ bytes: UnsafeRawBufferPointer) -> CInt? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count < 0, errno == EAGAIN {
                // A descriptor shared with a program that made it non-blocking: wait until it takes more.
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&waiting, 1, -1)
            } else if count == 0 || errno != EINTR {
                return count == 0 ? EIO : errno
            }
        }
        return nil
    }
}
