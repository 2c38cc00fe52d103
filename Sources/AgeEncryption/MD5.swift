/// MD5 as a checksum for protocols that insist on one.
package enum MD5 {
    /// The 16 bytes of the digest; nil where the machine's rules forbid MD5.
    package static func digest(of bytes: RawSpan) -> [UInt8]? { bytes.withUnsafeBytes { md5Digest(of: $0) } }
}
