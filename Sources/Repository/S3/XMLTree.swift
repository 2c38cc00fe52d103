/// One element of an XML document with its text and its children; names are without their prefix.
struct XMLTree: Sendable, Hashable {
    var name: String
    var text = ""
    var children: [XMLTree] = []

    /// The first child of that name.
    subscript(name: String) -> XMLTree? { children.first { $0.name == name } }

    /// Every child of that name.
    func all(_ name: String) -> [XMLTree] { children.filter { $0.name == name } }
}

/// Why a text is no XML that a store would send.
struct XMLProblem: Error, Hashable {
    var reason: String
    /// A byte offset.
    var place: Int
}

/// Reads the XML of S3's answers: elements, text, the five named entities and numbered ones.
///
/// A document must be complete: an answer that was cut must never pass for a shorter listing. Attributes are passed over;
/// a document type is refused, so that nothing can expand. Depth is limited, and memory is a small multiple of the text.
struct XMLReader {
    private static let depthLimit = 32
    private let bytes: [UInt8]
    private var place = 0

    /// The root of a whole document.
    static func parse(_ bytes: [UInt8]) throws(XMLProblem) -> XMLTree {
        var reader = XMLReader(bytes: bytes)
        try reader.skipMisc()
        let root = try reader.element(depth: 0)
        try reader.skipMisc()
        guard reader.place == bytes.count else { throw reader.problem("something follows the root") }
        return root
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func problem(_ reason: String) -> XMLProblem { XMLProblem(reason: reason, place: place) }

    private func has(_ text: StaticString) -> Bool {
        bytes[place...].starts(with: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Moves behind the next `end`.
    private mutating func skip(past end: StaticString, _ what: String) throws(XMLProblem) {
        while place < bytes.count, !has(end) { place += 1 }
        guard place < bytes.count else { throw problem("\(what) does not end") }
        place += end.utf8CodeUnitCount
    }

    private mutating func skipBlanks() {
        while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
    }

    /// Blanks, the declaration, a byte order mark, instructions and comments.
    private mutating func skipMisc() throws(XMLProblem) {
        if place == 0, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { place = 3 }
        while true {
            skipBlanks()
            if has("<?") {
                try skip(past: "?>", "an instruction")
            } else if has("<!--") {
                try skip(past: "-->", "a comment")
            } else {
                return
            }
        }
    }

    private mutating func element(depth: Int) throws(XMLProblem) -> XMLTree {
        guard depth < Self.depthLimit else { throw problem("it is nested too deep") }
        guard has("<"), !has("<!") else { throw problem("an element is missing") }
        place += 1
        let fullName = try name()
        var tree = XMLTree(name: fullName.split(separator: ":").last.map(String.init) ?? fullName)
        if try skipAttributes() { return tree }
        var text: [UInt8] = []
        while true {
            guard place < bytes.count else { throw problem("'\(fullName)' does not end") }
            if has("</") {
                place += 2
                guard try name() == fullName else { throw problem("'\(fullName)' does not end") }
                skipBlanks()
                guard has(">") else { throw problem("'\(fullName)' does not end") }
                place += 1
                tree.text = String(decoding: text, as: UTF8.self)
                return tree
            } else if has("<!--") {
                try skip(past: "-->", "a comment")
            } else if has("<![CDATA[") {
                let start = place + 9
                try skip(past: "]]>", "a section")
                text += bytes[start..<place - 3]
            } else if has("<?") {
                try skip(past: "?>", "an instruction")
            } else if has("<") {
                tree.children.append(try element(depth: depth + 1))
            } else if has("&") {
                text += try entity()
            } else {
                let end = bytes[place...].firstIndex { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: "&") }
                text += bytes[place..<(end ?? bytes.count)]
                place = end ?? bytes.count
            }
        }
    }

    private mutating func name() throws(XMLProblem) -> String {
        let start = place
        while place < bytes.count, !"<>/ \t\r\n=&\"'".utf8.contains(bytes[place]) { place += 1 }
        guard place > start else { throw problem("a name is missing") }
        return String(decoding: bytes[start..<place], as: UTF8.self)
    }

    /// Moves behind the end of a start tag; true when it was an empty element's.
    private mutating func skipAttributes() throws(XMLProblem) -> Bool {
        while true {
            skipBlanks()
            if has("/>") {
                place += 2
                return true
            }
            if has(">") {
                place += 1
                return false
            }
            _ = try name()
            skipBlanks()
            guard has("=") else { throw problem("an attribute has no value") }
            place += 1
            skipBlanks()
            if has("\"") {
                place += 1
                try skip(past: "\"", "an attribute")
            } else if has("'") {
                place += 1
                try skip(past: "'", "an attribute")
            } else {
                throw problem("an attribute has no value")
            }
        }
    }

    private mutating func entity() throws(XMLProblem) -> [UInt8] {
        let start = place + 1
        // The longest is `&#x10FFFF;`.
        guard let end = bytes[start...].prefix(9).firstIndex(of: UInt8(ascii: ";")) else {
            throw problem("an entity does not end")
        }
        let text = String(decoding: bytes[start..<end], as: UTF8.self)
        let named: [String: UInt8] = ["amp": 0x26, "lt": 0x3C, "gt": 0x3E, "quot": 0x22, "apos": 0x27]
        defer { place = end + 1 }
        if let byte = named[text] { return [byte] }
        let number: UInt32? =
            if text.hasPrefix("#x") {
                UInt32(text.dropFirst(2), radix: 16)
            } else if text.hasPrefix("#") {
                UInt32(text.dropFirst())
            } else {
                nil
            }
        guard let number, let scalar = Unicode.Scalar(number) else { throw problem("'&\(text);' is unknown") }
        return Array(String(scalar).utf8)
    }
}

extension String {
    /// The text as the content of an XML element.
    var escapedForXML: String {
        var result = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
