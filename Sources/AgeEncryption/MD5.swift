/// MD5 as a checksum for protocols that insist on one.
package enum MD5 {
    /// The 16 bytes of the digest; nil where the machine's rules forbid MD5.
    package static func digest(of bytes: RawSpan) -> [UInt8]? {
        bytes.withUnsafeBytes { bytes in md5Digest { take in take(bytes) } }
    }

    /// The same of bytes that lie in pieces, which `give` hands over in order.
    package static func digest(_ give: (_ take: (UnsafeRawBufferPointer) -> Void) -> Void) -> [UInt8]? {
        md5Digest(give)
    }
}
