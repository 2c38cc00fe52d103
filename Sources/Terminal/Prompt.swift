import Diagnostics
import Glibc

/// Asks the person at the terminal, even when standard input or output are pipes.
///
/// Blocks the calling thread until there is an answer. Ctrl-C and Ctrl-D during a question are errors of code
/// `interrupted`. Closes the terminal when it goes away.
package final class Prompt {
    private let descriptor: Int32
    private let owns: Bool

    /// Opens the controlling terminal; an error of code `usage` when there is none.
    ///
    /// `instead` is the hint of that error: what to write on the command line where nobody can be asked.
    package init(orElse instead: String) throws {
        descriptor = open("/dev/tty", O_RDWR | O_CLOEXEC)
        owns = true
        guard descriptor >= 0 else {
            throw Diagnostic(.usage, "cannot ask for confirmation: there is no terminal", hint: instead)
        }
    }

    /// Uses an open terminal that stays the caller's.
    package init(descriptor: Int32) {
        self.descriptor = descriptor
        owns = false
    }

    deinit {
        if owns, descriptor >= 0 { close(descriptor) }
    }

    /// Asks a question that only `y` or `yes` answers with true.
    package func confirm(_ question: String) throws -> Bool {
        let answer = try ask("\(question) [y/N] ", echo: true)
        return ["y", "yes"].contains(answer.lowercased())
    }

    /// Asks for a line of text; an empty answer means `usual`.
    package func line(_ question: String, usual: String) throws -> String {
        let answer = try ask(usual.isEmpty ? "\(question): " : "\(question) [\(usual)]: ", echo: true)
        return answer.isEmpty ? usual : answer
    }

    /// Asks for a name to be typed back, letter by letter; for what cannot be undone.
    package func typedBack(_ name: String, _ question: String) throws -> Bool {
        try ask("\(question)\nType '\(name)' to go on: ", echo: true) == name
    }

    /// Asks for a passphrase without showing it.
    package func passphrase(_ question: String) throws -> String {
        try ask("\(question): ", echo: false)
    }

    /// Asks for a new passphrase twice; an error of code `usage` when the two differ.
    package func newPassphrase(_ question: String) throws -> String {
        let first = try passphrase(question)
        guard try passphrase("\(question), again") == first else {
            throw Diagnostic(.usage, "the two passphrases differ", hint: "run the command again.")
        }
        return first
    }

    /// Reads one line byte by byte with the terminal's own line editing off: with it on, Ctrl-C would end the process
    /// while the terminal is still silent.
    private func ask(_ question: String, echo: Bool) throws -> String {
        let lines = question.split(separator: "\n", omittingEmptySubsequences: false).map { String($0).onOneLine }
        var before = termios()
        guard tcgetattr(descriptor, &before) == 0 else {
            throw Diagnostic(.usage, "cannot ask: this is no terminal", cause: String(cString: strerror(errno)))
        }
        var during = before
        during.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        tcsetattr(descriptor, TCSAFLUSH, &during)
        defer { tcsetattr(descriptor, TCSADRAIN, &before) }
        put(lines.joined(separator: "\n"))
        defer { put("\n") }
        return try readLine(echo: echo)
    }

    private func readLine(echo: Bool) throws -> String {
        var line: [UInt8] = []
        while true {
            let byte = try nextByte()
            switch byte {
            case 0x0A, 0x0D: return String(decoding: line, as: UTF8.self)
            case 0x03, 0x04: throw Diagnostic(.interrupted, "interrupted at a question")
            case 0x08, 0x7F:
                // A letter may be several bytes: continuation bytes go with the one that leads them.
                let shown = columns(of: line)
                while let last = line.popLast(), last & 0xC0 == 0x80 {}
                if echo { erase(shown - columns(of: line)) }
            case 0x15:
                if echo { erase(columns(of: line)) }
                line = []
            case 0x00..<0x20: break
            default:
                line.append(byte)
                if echo { put([byte]) }
            }
        }
    }

    private func nextByte() throws -> UInt8 {
        var byte: UInt8 = 0
        while true {
            let count = read(descriptor, &byte, 1)
            if count == 1 { return byte }
            if count < 0, errno == EINTR { continue }
            throw Diagnostic(.interrupted, "the terminal went away at a question")
        }
    }

    private func columns(of line: [UInt8]) -> Int { String(decoding: line, as: UTF8.self).displayWidth }

    private func erase(_ columns: Int) { put(String(repeating: "\u{8} \u{8}", count: max(0, columns))) }

    private func put(_ text: String) { put(Array(text.utf8)) }

    private func put(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                return
            }
        }
    }
}
