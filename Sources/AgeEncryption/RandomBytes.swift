/// `count` bytes from libcrypto's generator, fit for keys and identifiers.
package func randomBytes(_ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeMutableBytes { try fillWithRandomBytes($0) }
    return bytes
}
