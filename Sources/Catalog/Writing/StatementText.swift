/// Reads SQL the way `psql` does, as far as it must to know where quotes and comments end.
struct StatementText {
    /// Borrowed for one look at a text: there are tens of thousands of them.
    private let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0
    /// Where a colon stands that `psql` would take for the beginning of a variable's name.
    private var colons: [Int] = []
    private var depth = 0
    private var holdsSeveral = false
    private var mayHaveBody = false
    /// BEGIN ATOMIC and CASE that have no END yet.
    private var openBlocks = 0
    private var bodyHasEnded = false
    /// The word right before this place; nil behind anything else.
    private var word: Range<Int>?

    private init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// Whether the text is closed in itself: every quote, comment and dollar quote ends inside it, and outside of them
    /// there is no backslash, which `psql` would take for a command of its own.
    static func isInert(_ text: String) -> Bool { colons(in: text) != nil }

    /// Whether the text is inert and one statement: no semicolon stands outside of quotes, comments and brackets.
    ///
    /// With `mayHaveBody` those of a body between BEGIN ATOMIC and its END, which must be the last word, are allowed.
    static func isSingle(_ text: String, mayHaveBody: Bool = false) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            var scanner = StatementText(bytes)
            scanner.mayHaveBody = mayHaveBody
            return scanner.scan() && !scanner.holdsSeveral && scanner.openBlocks == 0
        }
    }

    /// The same statement with a blank behind every colon that `psql` would take for the beginning of a variable's name,
    /// as in the slice `list[1:"USER"]`; nil when the text is not inert.
    static func withoutVariables(_ text: String) -> String? {
        guard let colons = colons(in: text) else { return nil }
        if colons.isEmpty { return text }
        var bytes = Array(text.utf8)
        for colon in colons.reversed() { bytes.insert(UInt8(ascii: " "), at: colon + 1) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Where the colons stand that need a blank; nil when the text is not inert.
    private static func colons(in text: String) -> [Int]? {
        var text = text
        return text.withUTF8 { bytes in
            var scanner = StatementText(bytes)
            return scanner.scan() ? scanner.colons : nil
        }
    }

    private mutating func scan() -> Bool {
        while place < bytes.count {
            if bodyHasEnded, !Self.isBlank(bytes[place]) { holdsSeveral = true }
            let before = word
            word = nil
            let isClosed =
                switch bytes[place] {
                case Byte.backslash: false
                case Byte.quote: skipText(behind: before)
                case Byte.doubleQuote: skipQuoted(Byte.doubleQuote, backslashes: false)
                case Byte.dollar: before == nil && skipDollarQuoted()
                case Byte.dash where next == Byte.dash: skipLine()
                case Byte.slash where next == Byte.star: skipComment()
                case Byte.colon: skipColon()
                case Byte.open: advance(depth: 1)
                case Byte.close: advance(depth: -1)
                case Byte.semicolon: noteEnd()
                case let byte where Self.isWord(byte): skipWord()
                default: advance()
                }
            if !isClosed { return false }
        }
        return true
    }

    /// Reads a word or a number as a whole, and counts what opens and closes the body of a function: the server says
    /// keywords in capitals, and names in capitals in quotes.
    private mutating func skipWord() -> Bool {
        let start = place
        while place < bytes.count, Self.isWord(bytes[place]) { place += 1 }
        word = start..<place
        switch openBlocks {
        case 0 where mayHaveBody && depth == 0 && !bodyHasEnded && isWord("BEGIN") && follows("ATOMIC"): openBlocks = 1
        case 0: break
        default:
            if isWord("CASE") { openBlocks += 1 }
            if isWord("END") {
                openBlocks -= 1
                bodyHasEnded = openBlocks == 0
            }
        }
        return true
    }

    private func isWord(_ text: String) -> Bool {
        word.map { bytes[$0].elementsEqual(text.utf8) } ?? false
    }

    /// Whether that word comes next, behind blanks.
    private func follows(_ text: String) -> Bool {
        var start = place
        while start < bytes.count, Self.isBlank(bytes[start]) { start += 1 }
        let end = start + text.utf8.count
        return start > place && end <= bytes.count && bytes[start..<end].elementsEqual(text.utf8)
            && (end == bytes.count || !Self.isWord(bytes[end]))
    }

    /// A text in quotes, in which a backslash escapes when the word before it is an E.
    ///
    /// Refused is what servers never say, and what one version reads in another way than the next: an E at the end of a
    /// number, and a text with escapes that goes on behind a line's end.
    private mutating func skipText(behind before: Range<Int>?) -> Bool {
        let mark = before.map { bytes[$0] }
        let escapes = mark.map { $0.count == 1 && $0[$0.startIndex] | 0x20 == Byte.letterE } ?? false
        if let mark, let first = mark.first, (0x30...0x39).contains(first) { return false }
        guard skipQuoted(Byte.quote, backslashes: escapes) else { return false }
        guard escapes else { return true }
        var end = place
        while end < bytes.count, Self.isBlank(bytes[end]) { end += 1 }
        return end >= bytes.count || ![Byte.quote, Byte.dash].contains(bytes[end])
            || !bytes[place..<end].contains { $0 == Byte.newline || $0 == Byte.carriageReturn }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private var next: UInt8? { place + 1 < bytes.count ? bytes[place + 1] : nil }

    private mutating func advance() -> Bool {
        place += 1
        return true
    }

    private mutating func advance(depth change: Int) -> Bool {
        depth += change
        return advance()
    }

    private mutating func noteEnd() -> Bool {
        if depth <= 0, openBlocks == 0 { holdsSeveral = true }
        return advance()
    }

    /// A cast's two colons belong together; any other is noted when a name could follow it.
    private mutating func skipColon() -> Bool {
        if next == Byte.colon {
            place += 2
            return true
        }
        let begins = next.map { Self.isWord($0) || [Byte.quote, Byte.doubleQuote, Byte.brace].contains($0) } ?? false
        if begins { colons.append(place) }
        return advance()
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == 0x5F || byte >= 0x80
    }

    private mutating func skipQuoted(_ quote: UInt8, backslashes: Bool) -> Bool {
        place += 1
        while place < bytes.count {
            if bytes[place] == Byte.backslash, backslashes {
                place += 2
            } else if bytes[place] == quote {
                place += 1
                if place >= bytes.count || bytes[place] != quote { return true }
                place += 1
            } else {
                place += 1
            }
        }
        return false
    }

    /// `$tag$ … $tag$`, or a parameter `$1`.
    ///
    /// A dollar behind a word is part of it to the server, which says such names in quotes: it is refused, as is a number
    /// with more behind it.
    private mutating func skipDollarQuoted() -> Bool {
        var end = place + 1
        while end < bytes.count, Self.isWord(bytes[end]) { end += 1 }
        if let first = bytes[(place + 1)..<end].first, (0x30...0x39).contains(first) {
            guard bytes[(place + 1)..<end].allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
            guard end >= bytes.count || bytes[end] != Byte.dollar else { return false }
            place = end
            return true
        }
        guard end < bytes.count, bytes[end] == Byte.dollar else { return false }
        let tag = bytes[place...end]
        var start = end + 1
        while start + tag.count <= bytes.count {
            if bytes[start] == Byte.dollar, bytes[start..<(start + tag.count)].elementsEqual(tag) {
                place = start + tag.count
                return true
            }
            start += 1
        }
        return false
    }

    /// A line comment may not be the end: the semicolon would be part of it.
    ///
    /// A carriage return ends it as well.
    private mutating func skipLine() -> Bool {
        while place < bytes.count, bytes[place] != Byte.newline, bytes[place] != Byte.carriageReturn { place += 1 }
        return place < bytes.count
    }

    private mutating func skipComment() -> Bool {
        var depth = 0
        while place < bytes.count {
            if bytes[place] == Byte.slash, next == Byte.star {
                depth += 1
                place += 2
            } else if bytes[place] == Byte.star, next == Byte.slash {
                depth -= 1
                place += 2
                if depth == 0 { return true }
            } else {
                place += 1
            }
        }
        return false
    }

    private enum Byte {
        static let newline: UInt8 = 0x0A
        static let carriageReturn: UInt8 = 0x0D
        static let doubleQuote: UInt8 = 0x22
        static let dollar: UInt8 = 0x24
        static let quote: UInt8 = 0x27
        static let open: UInt8 = 0x28
        static let close: UInt8 = 0x29
        static let star: UInt8 = 0x2A
        static let dash: UInt8 = 0x2D
        static let slash: UInt8 = 0x2F
        static let colon: UInt8 = 0x3A
        static let semicolon: UInt8 = 0x3B
        static let backslash: UInt8 = 0x5C
        static let letterE: UInt8 = 0x65
        static let brace: UInt8 = 0x7B
    }
}
