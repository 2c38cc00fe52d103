/// Reads JSON member by member into values, without a tree of it in between.
///
/// Borrowed bytes: lives inside the closure of `JSONReader.read` and nowhere else. Strict where a mistake could be hidden
/// (UTF-8, escapes, whole numbers, what stands behind the end), and it skips members that nobody asks for. Memory is
/// that of the values.
package struct JSONReader {
    /// What is wrong with a text, and at which byte.
    package struct Failure: Error, CustomStringConvertible {
        package var problem: String
        package var offset: Int

        package var description: String { "\(problem) at byte \(offset)" }
    }

    private static let deepest = 64

    private let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0
    private var depth = 0

    /// Reads one value that is the whole text.
    package static func read<Value>(
        _ text: [UInt8],
        _ body: (inout JSONReader) throws -> Value
    ) throws -> Value {
        try text.withUnsafeBufferPointer { bytes in
            var reader = JSONReader(bytes: bytes)
            let value = try body(&reader)
            reader.skipBlanks()
            guard reader.place == bytes.count else { throw reader.failure("something follows the end") }
            return value
        }
    }

    /// The member `format` of an object: what a later version wrote may be anything else.
    package static func format(of text: [UInt8]) throws -> Int {
        var format: Int?
        return try read(text) { json in
            try json.object { json, name in
                if case "format" = name { format = try json.int() } else { try json.skip() }
            }
            return try json.require(format, "format")
        }
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// A failure at this place.
    package func failure(_ problem: String) -> Failure { Failure(problem: problem, offset: place) }

    /// Reads `{…}`; `member` is called behind each name and must read its value, or skip it.
    package mutating func object(_ member: (inout JSONReader, Name) throws -> Void) throws {
        try enclosed(UInt8(ascii: "{"), UInt8(ascii: "}")) { reader in
            let name = try reader.name()
            reader.skipBlanks()
            guard reader.take(UInt8(ascii: ":")) else { throw reader.failure("a colon is missing") }
            try member(&reader, name)
        }
    }

    /// Reads `[…]`; `element` must read one.
    package mutating func array(_ element: (inout JSONReader) throws -> Void) throws {
        try enclosed(UInt8(ascii: "["), UInt8(ascii: "]"), element)
    }

    /// Reads a list of texts.
    package mutating func strings() throws -> [String] {
        var texts: [String] = []
        try array { texts.append(try $0.string()) }
        return texts
    }

    /// Reads texts by name.
    package mutating func stringsByName() throws -> [String: String] {
        var texts: [String: String] = [:]
        try object { texts[$1.text] = try $0.string() }
        return texts
    }

    /// Whether `null` stands here; it is read then.
    package mutating func isNull() -> Bool { takeWord("null") }

    /// Reads what may be `null`.
    package mutating func optional<Value>(_ read: (inout JSONReader) throws -> Value) rethrows -> Value? {
        isNull() ? nil : try read(&self)
    }

    /// Reads a text.
    package mutating func string() throws -> String {
        let raw = try rawString()
        guard raw.hasEscapes else {
            guard let text = String(validating: raw.bytes, as: UTF8.self) else { throw failure("text is not UTF-8") }
            return text
        }
        return try unescaped(raw.bytes)
    }

    /// Reads a text that is often the one that was read before: then that is taken, and no new one is made.
    package mutating func string(repeating last: String) throws -> String {
        let before = self
        let raw = try rawString()
        var last = last
        if !raw.hasEscapes, last.withUTF8({ $0.elementsEqual(raw.bytes) }) { return last }
        self = before
        return try string()
    }

    /// Reads `true` or `false`.
    package mutating func bool() throws -> Bool {
        if takeWord("true") { return true }
        if takeWord("false") { return false }
        throw failure("true or false is missing")
    }

    /// Reads a whole number.
    package mutating func int64() throws -> Int64 {
        skipBlanks()
        let isNegative = take(UInt8(ascii: "-"))
        let magnitude = try digits()
        guard isNegative else {
            guard let number = Int64(exactly: magnitude) else { throw failure("a number is too large") }
            return number
        }
        guard magnitude <= Int64.min.magnitude else { throw failure("a number is too small") }
        return Int64(truncatingIfNeeded: 0 &- magnitude)
    }

    /// Reads a whole number without a sign.
    package mutating func uint64() throws -> UInt64 {
        skipBlanks()
        return try digits()
    }

    /// Reads a whole number of the size that is wanted.
    package mutating func int() throws -> Int { Int(try int64()) }

    /// Reads a number without a sign of 32 bits.
    package mutating func uint32() throws -> UInt32 {
        guard let number = UInt32(exactly: try uint64()) else { throw failure("a number is too large") }
        return number
    }

    /// Reads any number.
    package mutating func double() throws -> Double {
        skipBlanks()
        let start = place
        while place < bytes.count, Self.isOfNumber(bytes[place]) { place += 1 }
        let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<place]), as: UTF8.self)
        guard let number = Double(text), number.isFinite else { throw failure("a number is missing") }
        return number
    }

    /// Reads a value and forgets it.
    package mutating func skip() throws {
        skipBlanks()
        guard place < bytes.count else { throw failure("the text ends too early") }
        switch bytes[place] {
        case UInt8(ascii: "{"): try object { reader, _ in try reader.skip() }
        case UInt8(ascii: "["): try array { try $0.skip() }
        case UInt8(ascii: "\""): _ = try rawString()
        case UInt8(ascii: "t"), UInt8(ascii: "f"): _ = try bool()
        case UInt8(ascii: "n"): guard isNull() else { throw failure("a value is missing") }
        default: _ = try double()
        }
    }

    /// The value of a member that must be there.
    package func require<Value>(_ value: Value?, _ name: StaticString) throws -> Value {
        guard let value else { throw failure("member '\(name)' is missing") }
        return value
    }
}

extension JSONReader {
    /// The name of a member, compared with those that are known.
    package struct Name {
        fileprivate let bytes: UnsafeBufferPointer<UInt8>
        /// The name when it is written with escapes.
        fileprivate let unescaped: String?

        /// The name as a text.
        package var text: String { unescaped ?? String(decoding: bytes, as: UTF8.self) }

        /// Whether it is this one.
        package static func ~= (known: StaticString, name: Name) -> Bool {
            let known = UnsafeBufferPointer(start: known.utf8Start, count: known.utf8CodeUnitCount)
            if let unescaped = name.unescaped { return unescaped.utf8.elementsEqual(known) }
            return name.bytes.count == known.count && name.bytes.elementsEqual(known)
        }
    }

    private mutating func name() throws -> Name {
        let raw = try rawString()
        return Name(bytes: raw.bytes, unescaped: raw.hasEscapes ? try unescaped(raw.bytes) : nil)
    }

    private mutating func enclosed(
        _ first: UInt8,
        _ last: UInt8,
        _ part: (inout JSONReader) throws -> Void
    ) throws {
        skipBlanks()
        guard take(first) else { throw failure("'\(Unicode.Scalar(first))' is missing") }
        depth += 1
        guard depth <= Self.deepest else { throw failure("it is nested too deeply") }
        skipBlanks()
        if !take(last) {
            repeat {
                skipBlanks()
                try part(&self)
                skipBlanks()
            } while take(UInt8(ascii: ","))
            guard take(last) else { throw failure("'\(Unicode.Scalar(last))' is missing") }
        }
        depth -= 1
    }

    private mutating func skipBlanks() {
        while place < bytes.count, bytes[place] == 0x20 || (0x09...0x0D).contains(bytes[place]) {
            guard bytes[place] != 0x0B, bytes[place] != 0x0C else { return }
            place += 1
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard place < bytes.count, bytes[place] == byte else { return false }
        place += 1
        return true
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        skipBlanks()
        let word = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard bytes[place...].starts(with: word) else { return false }
        place += word.count
        return true
    }

    /// Digits as JSON has them: without needless zeros, and nothing behind them that would make it another number.
    private mutating func digits() throws -> UInt64 {
        let start = place
        var number: UInt64 = 0
        while place < bytes.count, (0x30...0x39).contains(bytes[place]) {
            let (product, isTooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, isStillTooLarge) = product.addingReportingOverflow(UInt64(bytes[place] - 0x30))
            if isTooLarge || isStillTooLarge { throw failure("a number is too large") }
            number = sum
            place += 1
        }
        let isLonger = place < bytes.count && Self.isOfNumber(bytes[place])
        guard place > start, bytes[start] != 0x30 || place == start + 1, !isLonger else {
            throw failure("a whole number is missing")
        }
        return number
    }

    private static func isOfNumber(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(byte)
    }

    /// What stands between two quotes.
    private mutating func rawString() throws -> (bytes: UnsafeBufferPointer<UInt8>, hasEscapes: Bool) {
        skipBlanks()
        guard take(UInt8(ascii: "\"")) else { throw failure("a text is missing") }
        let start = place
        var hasEscapes = false
        while place < bytes.count {
            switch bytes[place] {
            case UInt8(ascii: "\""):
                defer { place += 1 }
                return (UnsafeBufferPointer(rebasing: bytes[start..<place]), hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                place += 2
            case ..<0x20: throw failure("a text holds a control character")
            default: place += 1
            }
        }
        throw failure("a text does not end")
    }

    /// A text with escapes in it, which copies what lies between them in stretches.
    private func unescaped(_ raw: UnsafeBufferPointer<UInt8>) throws -> String {
        var result: [UInt8] = []
        result.reserveCapacity(raw.count)
        var rest = raw[...]
        while let escape = rest.firstIndex(of: UInt8(ascii: "\\")) {
            result.append(contentsOf: rest[..<escape])
            rest = rest[(escape + 1)...]
            guard let letter = rest.popFirst() else { throw failure("an escape is cut off") }
            switch letter {
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "b"): result.append(0x08)
            case UInt8(ascii: "f"): result.append(0x0C)
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(letter)
            case UInt8(ascii: "u"): result.append(contentsOf: String(try scalar(&rest)).utf8)
            default: throw failure("an escape is unknown")
            }
        }
        result.append(contentsOf: rest)
        guard let text = String(validating: result, as: UTF8.self) else { throw failure("text is not UTF-8") }
        return text
    }

    /// The character behind `\u`, of two halves if need be.
    private func scalar(_ rest: inout Slice<UnsafeBufferPointer<UInt8>>) throws -> Unicode.Scalar {
        var code = UInt32(try codeUnit(&rest))
        if (0xD800..<0xDC00).contains(code) {
            guard rest.popFirst() == UInt8(ascii: "\\"), rest.popFirst() == UInt8(ascii: "u") else {
                throw failure("half a character stands alone")
            }
            let low = UInt32(try codeUnit(&rest))
            guard (0xDC00..<0xE000).contains(low) else { throw failure("half a character stands alone") }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw failure("half a character stands alone") }
        return scalar
    }

    private func codeUnit(_ rest: inout Slice<UnsafeBufferPointer<UInt8>>) throws -> UInt16 {
        let text = String(decoding: rest.prefix(4), as: UTF8.self)
        guard text.utf8.count == 4, text.utf8.first != UInt8(ascii: "+"), text.utf8.first != UInt8(ascii: "-"),
            let code = UInt16(text, radix: 16)
        else { throw failure("an escape is cut off") }
        rest = rest.dropFirst(4)
        return code
    }
}
