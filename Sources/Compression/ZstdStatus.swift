import CZstd
import Diagnostics

/// What zstd answered: a count, or why it refused.
enum ZstdStatus {
    /// Why a call on `context` could not be made at all.
    static func outOfMemory() -> Diagnostic {
        Diagnostic(.resourceExhausted, "cannot set up compression", cause: "out of memory")
    }

    /// The value of a call that can only fail when we misuse the library or memory runs out.
    @discardableResult
    static func check(_ code: Int) throws -> Int {
        guard ZSTD_isError(code) == 0 else {
            throw Diagnostic(.internalError, "cannot compress data", cause: message(code))
        }
        return code
    }

    /// The value of a call that fails when the bytes of `name` are damaged.
    static func checkReading(_ code: Int, of name: String) throws -> Int {
        guard ZSTD_isError(code) == 0 else { throw corrupt(name, cause: message(code)) }
        return code
    }

    static func corrupt(_ name: String, cause: String) -> Diagnostic {
        Diagnostic(.objectCorrupt, "cannot decompress '\(name)'", cause: cause)
    }

    private static func message(_ code: Int) -> String {
        "zstd: " + String(cString: ZSTD_getErrorName(code)).lowercased()
    }
}
