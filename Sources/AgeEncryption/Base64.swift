/// The unpadded, canonical base64 of age headers.
///
/// Foundation's decoder accepts padding and stray bits in the last digit; age forbids both, because a header must have
/// one spelling only.
enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        var pending = 0
        var pendingBits = 0
        for byte in bytes {
            pending = pending << 8 | Int(byte)
            pendingBits += 8
            while pendingBits >= 6 {
                pendingBits -= 6
                text.append(digits[pending >> pendingBits & 63])
            }
            pending &= (1 << pendingBits) - 1
        }
        if pendingBits > 0 { text.append(digits[pending << (6 - pendingBits) & 63]) }
        return text
    }

    /// nil unless `text` is exactly what `encode` writes for some bytes.
    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var pending = 0
        var pendingBits = 0
        for digit in text {
            guard let value = value(of: digit) else { return nil }
            pending = pending << 6 | value
            pendingBits += 6
            if pendingBits >= 8 {
                pendingBits -= 8
                bytes.append(UInt8(truncatingIfNeeded: pending >> pendingBits))
                pending &= (1 << pendingBits) - 1
            }
        }
        return pending == 0 ? bytes : nil
    }

    private static func value(of digit: UInt8) -> Int? {
        switch digit {
        case 0x41...0x5A: Int(digit) - 0x41
        case 0x61...0x7A: Int(digit) - 0x61 + 26
        case 0x30...0x39: Int(digit) - 0x30 + 52
        case 0x2B: 62
        case 0x2F: 63
        default: nil
        }
    }
}
