/// JSON on its way into bytes, without the tree of values that an encoder builds first.
///
/// Members are written in the order of their names, so that the same value always has the same bytes. With a drain,
/// what is written leaves in pieces of about 64 KiB, so that memory does not grow with the text.
package struct JSONBytes {
    /// Takes a piece; the bytes are only borrowed for the call.
    package typealias Drain = (UnsafeRawBufferPointer) throws -> Void

    private static let pieceBytes = 64 << 10

    /// What has not left through the drain.
    package private(set) var bytes: [UInt8] = []
    /// Whether a comma must come before the next element or member.
    private var isBehindValue = false
    private let drain: Drain?
    /// Why the drain refused a piece: told at the end, because a writer of values cannot stop in the middle.
    private var failure: (any Error)?

    /// Begins a text that is kept.
    package init(reserving capacity: Int = 0) {
        drain = nil
        bytes.reserveCapacity(capacity)
    }

    /// Begins a text that leaves through `drain`; `finish()` sends the last piece.
    package init(into drain: @escaping Drain) {
        self.drain = drain
        bytes.reserveCapacity(2 * Self.pieceBytes)
    }

    /// Sends what is held back; throws when the drain has refused a piece.
    package mutating func finish() throws {
        flush()
        if let failure { throw failure }
    }

    /// Writes `{…}`; `body` writes the members.
    package mutating func object(_ body: (inout JSONBytes) throws -> Void) rethrows {
        open(UInt8(ascii: "{"))
        try body(&self)
        close(UInt8(ascii: "}"))
    }

    /// Writes `[…]`; `body` writes the elements.
    package mutating func array(_ body: (inout JSONBytes) throws -> Void) rethrows {
        open(UInt8(ascii: "["))
        try body(&self)
        close(UInt8(ascii: "]"))
    }

    /// Writes `"name":`; a value must follow.
    package mutating func name(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    /// Writes `"name":` for a name that is not known beforehand.
    package mutating func name(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        isBehindValue = false
    }

    /// Writes a member that is a text, and nothing when there is none.
    package mutating func member(_ name: StaticString, _ text: String?) {
        guard let text else { return }
        self.name(name)
        string(text)
    }

    /// Writes a member that is a number.
    package mutating func member(_ name: StaticString, _ number: Int) { member(name, Int64(number)) }

    /// Writes a member that is a number.
    package mutating func member(_ name: StaticString, _ number: Int64) {
        self.name(name)
        self.number(number)
    }

    /// Writes a member that is a list of texts.
    package mutating func member(_ name: StaticString, _ texts: [String]) {
        self.name(name)
        array { json in
            for text in texts { json.string(text) }
        }
    }

    /// Writes a member of texts by name, in the order of the names' bytes.
    package mutating func member(_ name: StaticString, _ texts: [String: String]) {
        self.name(name)
        object { json in
            for (key, text) in texts.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                json.name(key)
                json.string(text)
            }
        }
    }

    /// Writes a member that is true or false.
    package mutating func member(_ name: StaticString, _ isTrue: Bool) {
        self.name(name)
        bool(isTrue)
    }

    /// Writes `true` or `false`.
    package mutating func bool(_ isTrue: Bool) { literal(isTrue ? "true" : "false") }

    /// Writes a number.
    package mutating func number(_ number: Int64) {
        if number < 0 {
            separate()
            bytes.append(UInt8(ascii: "-"))
        }
        self.number(number.magnitude)
    }

    /// Writes a number without a sign.
    package mutating func number(_ number: UInt64) {
        separate()
        var rest = number
        var divisor: UInt64 = 1
        while rest >= 10 {
            rest /= 10
            divisor *= 10
        }
        rest = number
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest / divisor))
            rest %= divisor
            divisor /= 10
        }
        isBehindValue = true
    }

    /// Writes what already is the text of a JSON value.
    package mutating func literal(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
        isBehindValue = true
    }

    /// Writes a text in quotes.
    package mutating func string(_ text: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        append(escaping: text)
        bytes.append(UInt8(ascii: "\""))
        isBehindValue = true
    }

    /// Writes one text in quotes that `body` hands over in parts.
    package mutating func string(_ body: ((String) -> Void) throws -> Void) rethrows {
        separate()
        bytes.append(UInt8(ascii: "\""))
        try body { part in
            append(escaping: part)
            flushIfLong()
        }
        bytes.append(UInt8(ascii: "\""))
        isBehindValue = true
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        isBehindValue = true
        flushIfLong()
    }

    private mutating func separate() {
        if isBehindValue { bytes.append(UInt8(ascii: ",")) }
        isBehindValue = false
    }

    private mutating func flushIfLong() {
        if drain != nil, bytes.count >= Self.pieceBytes { flush() }
    }

    private mutating func flush() {
        guard let drain, !bytes.isEmpty else { return }
        do {
            if failure == nil { try bytes.withUnsafeBytes { try drain($0) } }
        } catch {
            failure = error
        }
        bytes.removeAll(keepingCapacity: bytes.capacity <= 4 * Self.pieceBytes)
    }

    private mutating func append(escaping text: String) {
        var text = text
        text.withUTF8 { append(escaping: $0) }
    }

    /// Nearly all of a text needs no escape: it is copied in stretches.
    private mutating func append(escaping text: UnsafeBufferPointer<UInt8>) {
        var start = 0
        for place in text.indices {
            let byte = text[place]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<place]))
            appendEscape(of: byte)
            start = place + 1
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start...]))
    }

    private mutating func appendEscape(of byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case ..<0x20:
            let digits = Array("0123456789abcdef".utf8)
            bytes.append(contentsOf: Array("u00".utf8))
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 15)])
        default: bytes.append(byte)
        }
    }
}
