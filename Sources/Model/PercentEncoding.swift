/// `text` as one harmless path component: letters, digits, `-` and `_` stay, every other UTF-8 byte becomes `%XX`.
///
/// A dot is encoded too, so that no component is `.` or `..` and a dot can serve as a separator.
package func percentEncoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            result.unicodeScalars.append(Unicode.Scalar(byte))
        default:
            result += "%"
            result.unicodeScalars.append(hexadecimalDigit(byte >> 4))
            result.unicodeScalars.append(hexadecimalDigit(byte & 15))
        }
    }
    return result
}

/// The text that `percentEncoded(_:)` made `component` from; nil when it could not have made it.
package func percentDecoded(_ component: String) -> String? {
    var bytes: [UInt8] = []
    var rest = component.utf8[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            bytes.append(byte)
            continue
        }
        guard let high = rest.popFirst(), let low = rest.popFirst(),
            let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
        else { return nil }
        bytes.append(value)
    }
    guard let text = String(validating: bytes, as: UTF8.self), percentEncoded(text) == component else { return nil }
    return text
}

private func hexadecimalDigit(_ value: UInt8) -> Unicode.Scalar {
    Unicode.Scalar(value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10)
}
