import Diagnostics
import Glibc
import Terminal

/// Linux's numbers for the two requests behind `unlockpt` and `ptsname`, which Glibc's module does not show.
private let setTerminalLock: UInt = 0x4004_5431
private let getTerminalNumber: UInt = 0x8004_5430

/// A pipe or a pseudo-terminal to write to, whose other end the test reads.
final class CapturedStream: Sendable {
    /// What the code under test writes to.
    let inner: Int32
    /// What the test reads from, and types into.
    let outer: Int32

    private init(inner: Int32, outer: Int32) {
        self.inner = inner
        self.outer = outer
    }

    deinit {
        close(inner)
        close(outer)
    }

    static func pipe() throws -> CapturedStream {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw Diagnostic(.internalError, "no pipe") }
        return CapturedStream(inner: ends[1], outer: ends[0])
    }

    static func terminal(columns: UInt16 = 100) throws -> CapturedStream {
        let outer = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var unlocked: Int32 = 0
        var number: UInt32 = 0
        guard outer >= 0, ioctl(outer, setTerminalLock, &unlocked) == 0, ioctl(outer, getTerminalNumber, &number) == 0
        else { throw Diagnostic(.internalError, "no pseudo-terminal", cause: String(cString: strerror(errno))) }
        let inner = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        var size = winsize(ws_row: 25, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(inner, UInt(TIOCSWINSZ), &size)
        return CapturedStream(inner: inner, outer: outer)
    }

    var stream: TextStream { TextStream(descriptor: inner) }

    /// Reads until the text holds `end`; blocks for what has not come yet, ten seconds at most.
    func read(until end: String) throws -> String {
        var bytes: [UInt8] = []
        // By bytes: in a String, "\r\n" is one letter that holds no "\n".
        while bytes.suffix(8192).firstRange(of: Array(end.utf8)) == nil {
            var waiting = pollfd(fd: outer, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 10_000) > 0 else {
                throw Diagnostic(.internalError, "'\(end)' never came", cause: String(decoding: bytes, as: UTF8.self))
            }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = Glibc.read(outer, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Types into the terminal.
    func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(outer, bytes, bytes.count)
    }
}
