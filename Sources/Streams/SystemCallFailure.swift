package import Diagnostics
import Glibc

extension Diagnostic {
    /// What the kernel refused to do with a file, in its own words.
    ///
    /// `attempt` completes "cannot … 'path'". A full disk or quota is `.repositoryFull`, everything else `.fileAccess`.
    package static func file(_ attempt: String, _ path: String, errno code: CInt) -> Diagnostic {
        let isFull = code == ENOSPC || code == EDQUOT
        return Diagnostic(
            isFull ? .repositoryFull : .fileAccess,
            "cannot \(attempt) '\(redacted(path))'",
            cause: systemMessage(code),
            hint: isFull ? "Free space there, or choose another folder." : nil,
            retry: isFull ? .later : .never
        )
    }
}

/// The system's words for an error number, in lower case as causes are.
func systemMessage(_ code: CInt) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard strerror_r(code, &buffer, buffer.count) == 0 else { return "system error \(code)" }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self).lowercased()
}

/// Repeats a call for as long as a signal interrupts it; throws what it failed with otherwise.
@discardableResult
func systemCall<Result: SignedInteger>(
    _ attempt: String,
    _ path: String,
    _ call: () -> Result
) throws(Diagnostic) -> Result {
    while true {
        let result = call()
        if result >= 0 { return result }
        let code = errno
        guard code == EINTR else { throw .file(attempt, path, errno: code) }
    }
}
