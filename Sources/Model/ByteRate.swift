/// Bytes a second.
package struct ByteRate: Sendable, Hashable {
    /// At least 1.
    package let bytesPerSecond: Int64

    /// Creates a rate; nil for one at which nothing would ever move.
    package init?(bytesPerSecond: Int64) {
        guard bytesPerSecond > 0 else { return nil }
        self.bytesPerSecond = bytesPerSecond
    }

    /// Reads `20MB/s` or `512 KiB/s`; the `/s` may be left out.
    package init(human text: String) throws(QuantityError) {
        let size = text.hasSuffix("/s") ? String(text.dropLast(2)) : text
        let bytes: Int64
        do { bytes = try ByteCount(human: size).bytes } catch {
            throw QuantityError("'\(text)' is not a rate; write for example 20MB/s or 512KiB/s")
        }
        guard let rate = ByteRate(bytesPerSecond: bytes) else {
            throw QuantityError("'\(text)' lets nothing through; leave it out for no limit")
        }
        self = rate
    }
}

extension ByteRate: CustomStringConvertible {
    /// `20 MB/s`.
    package var description: String { "\(ByteCount(bytesPerSecond))/s" }
}
