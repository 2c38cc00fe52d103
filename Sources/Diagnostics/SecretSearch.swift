/// Finds the places in a text where credentials stand.
///
/// Works on bytes: a combining character behind a quote or a colon would make it another `Character`, and hide it. Every
/// place that may begin a secret is looked at, also inside another secret, so the ranges can overlap.
struct SecretSearch {
    private let bytes: [UInt8]

    /// Searches the UTF-8 of `text`.
    init(_ text: String) { bytes = Array(text.utf8) }

    /// Ranges of UTF-8 offsets that hold secrets; they begin and end between characters.
    func ranges() -> [Range<Int>] {
        bytes.indices.flatMap { place -> [Range<Int>] in
            switch bytes[place] {
            case UInt8(ascii: ":"): [urlPassword(at: place)].compactMap(\.self)
            case UInt8(ascii: "p"), UInt8(ascii: "P"), UInt8(ascii: "s"), UInt8(ascii: "S"):
                [assignedValue(at: place)].compactMap(\.self)
            case UInt8(ascii: "a"), UInt8(ascii: "A"), UInt8(ascii: "l"), UInt8(ascii: "L"):
                [secretKey(at: place)].compactMap(\.self)
            default: []
            }
        }
    }

    // MARK: Keys

    /// What follows `AGE-SECRET-KEY-` or `LIFEBOAT-SIGNER-SECRET-`, in capitals or not.
    private func secretKey(at place: Int) -> Range<Int>? {
        for prefix in ["age-secret-key-", "lifeboat-signer-secret-"] where has(prefix, at: place) {
            let start = place + prefix.utf8.count
            return nonEmpty(start..<end(from: start, while: isWord))
        }
        return nil
    }

    // MARK: Passwords in URLs

    /// The password of `scheme://user:password@host`, seen from the colon of `://`.
    ///
    /// It runs to the last `@` before a blank, whatever stands between: people forget to encode. Without one, what
    /// follows the colon must be a port to be left alone.
    private func urlPassword(at place: Int) -> Range<Int>? {
        guard has("://", at: place) else { return nil }
        let start = place + 3
        let tokenEnd = end(from: start) { !isBlank($0) }
        let token = bytes[start..<tokenEnd]
        if let at = token.lastIndex(of: UInt8(ascii: "@")) {
            guard let colon = token[..<at].firstIndex(of: UInt8(ascii: ":")) else { return nil }
            return nonEmpty(colon + 1..<at)
        }
        let authority = token.prefix { !"/?#\"'".utf8.contains($0) }
        guard authority.first != UInt8(ascii: "["), let colon = authority.firstIndex(of: UInt8(ascii: ":")) else {
            return nil
        }
        let port = authority[(colon + 1)...]
        if port.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: ",") }) { return nil }
        // A host list `one:5432,two:5433` names more hosts behind the port; a password with a blank has its `@` later.
        if port.first.map(isDigit) == true, port.contains(UInt8(ascii: ",")) { return nil }
        let lineEnd = end(from: tokenEnd) { $0 != UInt8(ascii: "\n") }
        let at = bytes[tokenEnd..<lineEnd].firstIndex(of: UInt8(ascii: "@"))
        return colon + 1..<(at ?? tokenEnd)
    }

    // MARK: Assignments

    /// The value after a word with `password`, `passwd`, `passphrase` or `secret` in it and `=`; SQL's `PASSWORD '…'` and
    /// JSON's `"password": "…"` likewise.
    private func assignedValue(at place: Int) -> Range<Int>? {
        guard ["password", "passwd", "passphrase", "secret"].contains(where: { has($0, at: place) }) else { return nil }
        let wordEnd = end(from: place, while: isWord)
        let isQuoted = wordEnd < bytes.count && isQuote(bytes[wordEnd])
        let sign = end(from: isQuoted ? wordEnd + 1 : wordEnd, while: isBlank)
        guard sign < bytes.count else { return nil }
        let start: Int
        switch bytes[sign] {
        case UInt8(ascii: "="): start = end(from: sign + 1, while: isBlank)
        case UInt8(ascii: ":") where isQuoted: start = end(from: sign + 1, while: isBlank)
        case UInt8(ascii: "'") where sign > wordEnd && !isQuoted && has("password", at: place): start = sign
        default: return nil
        }
        return nonEmpty(start..<valueEnd(from: start, isParameter: isParameter(place)))
    }

    /// Whether the word around `place` follows `?` or `&`, so that its value ends at the next `&`.
    private func isParameter(_ place: Int) -> Bool {
        guard let before = bytes[..<place].lastIndex(where: { !isWord($0) }) else { return false }
        return bytes[before] == UInt8(ascii: "?") || bytes[before] == UInt8(ascii: "&")
    }

    /// Quoted pieces, escaped bytes and plain ones up to a blank, as shells, SQL and libpq join them.
    private func valueEnd(from start: Int, isParameter: Bool) -> Int {
        if isParameter { return end(from: start) { !isBlank($0) && $0 != UInt8(ascii: "&") } }
        var place = start
        var quote: UInt8?
        // Only a value that begins with a quote has quoted pieces; elsewhere a quote is likely the sentence's own.
        let hasPieces = start < bytes.count && isQuote(bytes[start])
        while place < bytes.count {
            let byte = bytes[place]
            if byte == UInt8(ascii: "\\") {
                place = end(after: place + 1)
                continue
            }
            if let open = quote {
                if byte == open { quote = nil }
            } else if isBlank(byte) {
                break
            } else if hasPieces, isQuote(byte) {
                quote = byte
            }
            place += 1
        }
        return min(place, bytes.count)
    }

    // MARK: Bytes

    private func has(_ word: String, at place: Int) -> Bool {
        let word = word.utf8
        guard place + word.count <= bytes.count else { return false }
        return zip(bytes[place...], word).allSatisfy { lowered($0) == $1 }
    }

    private func end(from start: Int, while fits: (UInt8) -> Bool) -> Int {
        bytes[min(start, bytes.count)...].firstIndex { !fits($0) } ?? bytes.count
    }

    /// Behind the character that begins at `place`.
    private func end(after place: Int) -> Int {
        end(from: place + 1) { $0 & 0xC0 == 0x80 }
    }

    private func nonEmpty(_ range: Range<Int>) -> Range<Int>? { range.isEmpty ? nil : range }

    private func lowered(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    private func isBlank(_ byte: UInt8) -> Bool { byte <= 0x20 }

    private func isQuote(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") }

    private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// Letters, digits, `_`, and whatever is not ASCII: a combining character does not end a word.
    private func isWord(_ byte: UInt8) -> Bool {
        byte >= 0x80 || isDigit(byte) || byte == UInt8(ascii: "_")
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lowered(byte))
    }
}
