/// JSON on its way into bytes, without the tree of values that an encoder builds first.
///
/// Members are written in the order of their names, so that the same value always has the same bytes.
struct JSONBytes {
    private(set) var bytes: [UInt8] = []
    /// Whether a comma must come before the next element or member.
    private var isBehindValue = false

    init(reserving capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    /// Writes `{…}`; `body` writes the members.
    mutating func object(_ body: (inout JSONBytes) -> Void) { enclosed("{", "}", body) }

    /// Writes `[…]` with each element as `write` does it.
    mutating func array<Element>(_ elements: [Element], _ write: (Element, inout JSONBytes) -> Void) {
        enclosed("[", "]") { json in
            for element in elements { write(element, &json) }
        }
    }

    /// Writes `"name":`; a value must follow.
    mutating func name(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        isBehindValue = false
    }

    /// Writes `"name":` for a name that is not known beforehand.
    mutating func name(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        isBehindValue = false
    }

    /// Writes a member that is a text, and nothing when there is none.
    mutating func member(_ name: StaticString, _ text: String?) {
        guard let text else { return }
        self.name(name)
        string(text)
    }

    /// Writes a member that is a number.
    mutating func member(_ name: StaticString, _ number: Int) {
        self.name(name)
        bytes.append(contentsOf: String(number).utf8)
        isBehindValue = true
    }

    /// Writes a member that is a list of texts.
    mutating func member(_ name: StaticString, _ texts: [String]) {
        self.name(name)
        array(texts) { $1.string($0) }
    }

    /// Writes a member of texts by name, in the order of the names' bytes.
    mutating func member(_ name: StaticString, _ texts: [String: String]) {
        self.name(name)
        object { json in
            for (key, text) in texts.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                json.name(key)
                json.string(text)
            }
        }
    }

    /// Writes a text in quotes.
    mutating func string(_ text: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { append(escaping: $0) }
        bytes.append(UInt8(ascii: "\""))
        isBehindValue = true
    }

    private mutating func enclosed(_ first: Unicode.Scalar, _ last: Unicode.Scalar, _ body: (inout JSONBytes) -> Void) {
        separate()
        bytes.append(UInt8(ascii: first))
        isBehindValue = false
        body(&self)
        bytes.append(UInt8(ascii: last))
        isBehindValue = true
    }

    private mutating func separate() {
        if isBehindValue { bytes.append(UInt8(ascii: ",")) }
        isBehindValue = false
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
