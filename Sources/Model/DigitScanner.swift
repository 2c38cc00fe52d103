/// Reads a text from its front, byte by byte: decimal fields of a fixed width and the marks between them.
///
/// A step that does not fit answers nil or false and may leave the scanner anywhere, so the caller gives up then. Only the
/// ASCII digits count, and nothing is skipped unasked: what is read has no other spelling.
struct DigitScanner {
    private var rest: Substring.UTF8View

    /// Begins at the front of `text`.
    init(_ text: String) { rest = text[...].utf8 }

    /// Whether everything was read.
    var isAtEnd: Bool { rest.isEmpty }

    /// The value of exactly `count` digits; fewer than nineteen.
    mutating func number(digits count: Int) -> Int? {
        var value = 0
        for _ in 0..<count {
            guard let digit = nextDigit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// One to nine digits after a decimal point, in millionths; what is finer is cut off.
    mutating func millionths() -> Int? {
        guard var value = nextDigit() else { return nil }
        var count = 1
        while count < 9, let digit = nextDigit() {
            if count < 6 { value = value * 10 + digit }
            count += 1
        }
        while count < 6 {
            value *= 10
            count += 1
        }
        return value
    }

    /// Steps over the next byte when it is one of `marks`, which are ASCII.
    mutating func skip(_ marks: Unicode.Scalar...) -> Bool {
        guard let byte = rest.first, marks.contains(where: { $0.value == UInt32(byte) }) else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func nextDigit() -> Int? {
        guard let byte = rest.first, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
        rest.removeFirst()
        return Int(byte - UInt8(ascii: "0"))
    }
}
