/// HMAC-SHA-256 (RFC 2104).
package enum HMACSHA256 {
    /// The 32 bytes of the code; the key is wiped from the memory that held it for the call.
    package static func code(key: [UInt8], message: [UInt8]) throws -> [UInt8] {
        var copy = key
        return try hmacSHA256(key: SecretBytes(wiping: &copy), message: message)
    }
}
