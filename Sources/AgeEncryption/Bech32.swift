/// Bech32 as BIP 173 has it, without its length limit: how keys are written so that a typo is noticed.
enum Bech32 {
    /// A checked text taken apart; the prefix stands as it was written, in one case.
    struct Parts {
        var prefix: String
        var bytes: [UInt8]
    }

    private static let digits = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)
    private static let checksumCount = 6

    /// The text in lower case; `prefix` is given in lower case too.
    static func encode(prefix: String, _ bytes: [UInt8]) -> String {
        let prefix = Array(prefix.utf8)
        var values = regroup(bytes, from: 8, to: 5, padding: true) ?? []
        defer { values.withUnsafeMutableBytes { wipe($0) } }
        let remainder = polymod(expanded(prefix) + values + [UInt8](repeating: 0, count: checksumCount)) ^ 1
        for index in 0..<checksumCount {
            values.append(UInt8(remainder >> UInt32(5 * (checksumCount - 1 - index)) & 31))
        }
        return String(decoding: prefix + [0x31] + values.map { digits[Int($0)] }, as: UTF8.self)
    }

    /// nil for a wrong checksum, mixed case, a foreign character or stray bits.
    static func decode(_ text: String) -> Parts? {
        let written = Array(text.utf8)
        let hasUpper = written.contains { (0x41...0x5A).contains($0) }
        let hasLower = written.contains { (0x61...0x7A).contains($0) }
        guard !(hasUpper && hasLower), let separator = written.lastIndex(of: 0x31), separator > 0 else { return nil }
        let lower = written.map { (0x41...0x5A).contains($0) ? $0 + 32 : $0 }
        guard lower.count - separator - 1 >= checksumCount, lower[..<separator].allSatisfy({ (33...126).contains($0) })
        else { return nil }
        var values: [UInt8] = []
        defer { values.withUnsafeMutableBytes { wipe($0) } }
        for digit in lower[(separator + 1)...] {
            guard let value = digits.firstIndex(of: digit) else { return nil }
            values.append(UInt8(value))
        }
        guard polymod(expanded(lower[..<separator]) + values) == 1 else { return nil }
        guard let bytes = regroup(values.dropLast(checksumCount), from: 5, to: 8, padding: false) else { return nil }
        return Parts(prefix: String(decoding: written[..<separator], as: UTF8.self), bytes: bytes)
    }

    private static func expanded(_ prefix: some Collection<UInt8>) -> [UInt8] {
        prefix.map { $0 >> 5 } + [0] + prefix.map { $0 & 31 }
    }

    /// The remainder of the BCH code's division.
    private static func polymod(_ values: [UInt8]) -> UInt32 {
        let generator: [UInt32] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3]
        var remainder: UInt32 = 1
        for value in values {
            let top = remainder >> 25
            remainder = (remainder & 0x1ff_ffff) << 5 ^ UInt32(value)
            for (bit, coefficient) in generator.enumerated() where top >> UInt32(bit) & 1 == 1 {
                remainder ^= coefficient
            }
        }
        return remainder
    }

    private static func regroup(
        _ values: some Collection<UInt8>,
        from inputBits: Int,
        to outputBits: Int,
        padding: Bool
    ) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(values.count * inputBits / outputBits + 1)
        var pending = 0
        var pendingBits = 0
        for value in values {
            pending = pending << inputBits | Int(value)
            pendingBits += inputBits
            while pendingBits >= outputBits {
                pendingBits -= outputBits
                result.append(UInt8(pending >> pendingBits & ((1 << outputBits) - 1)))
            }
            pending &= (1 << pendingBits) - 1
        }
        if padding {
            if pendingBits > 0 { result.append(UInt8(pending << (outputBits - pendingBits))) }
        } else if pendingBits >= inputBits || pending != 0 {
            return nil
        }
        return result
    }
}
