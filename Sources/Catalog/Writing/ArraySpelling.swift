/// The one rewording that nearly every database meets: `x IN ('a', 'b')` over `varchar`.
///
/// A server first tells it as `(ARRAY['a'::character varying])::text[]`, a cast of the whole array. Told so, the parser
/// hands the cast down to the elements, and from then on the server says `ARRAY[('a'::character varying)::text]`. Both
/// mean the same; this writes the first as the second, so that a copy that was restored reads like its original.
///
/// Only that form is written otherwise, outside of quotes; whatever looks different stays as it is. One pass.
struct ArraySpelling {
    private let bytes: [UInt8]
    private var written: [UInt8] = []
    private var position = 0

    /// How a cast of an array is told: with every bracket, or with those alone that are needed.
    private struct Form {
        var opening: [UInt8]
        var closing: [UInt8]
        /// Around each element.
        var brackets: (open: [UInt8], close: [UInt8])

        static let full = Form(
            opening: Array("(ARRAY[".utf8),
            closing: Array("])::".utf8),
            brackets: (Array("(".utf8), Array(")::".utf8))
        )
        static let brief = Form(
            opening: Array("ARRAY[".utf8),
            closing: Array("]::".utf8),
            brackets: ([], Array("::".utf8))
        )
    }

    private init(_ text: String) { bytes = Array(text.utf8) }

    /// `text` with casts of arrays handed down to their elements.
    static func handedDown(_ text: String) -> String {
        guard text.contains("ARRAY[") else { return text }
        var spelling = ArraySpelling(text)
        spelling.rewrite()
        return String(decoding: spelling.written, as: UTF8.self)
    }

    private mutating func rewrite() {
        while position < bytes.count {
            if let (text, end) = cast(.full, at: position) ?? cast(.brief, at: position) {
                written += text
                position = end
            } else {
                let end = afterToken(position)
                written += bytes[position..<end]
                position = end
            }
        }
    }

    /// What a cast of an array that begins at `start` is as an array of casts, and where it ends.
    private func cast(_ form: Form, at start: Int) -> (text: [UInt8], end: Int)? {
        guard has(form.opening, at: start), let (elements, end) = elements(from: start + form.opening.count),
            has(form.closing, at: end), let (type, after) = elementType(from: end + form.closing.count)
        else { return nil }
        var text = Array("ARRAY[".utf8)
        for (number, element) in elements.enumerated() {
            if number > 0 { text += Array(", ".utf8) }
            text += form.brackets.open + element + form.brackets.close + type
        }
        return (text + [UInt8(ascii: "]")], after)
    }

    /// The elements up to the bracket that closes the array; nil unless all are constants of one type: an element of another
    /// one has a cast to what they have in common, which the server does not say.
    private func elements(from start: Int) -> (elements: [ArraySlice<UInt8>], end: Int)? {
        var elements: [ArraySlice<UInt8>] = []
        var (begin, place, depth) = (start, start, 0)
        while place < bytes.count {
            switch bytes[place] {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: "["): return nil
            case UInt8(ascii: ")"): depth -= 1
            case UInt8(ascii: "]") where depth == 0:
                elements.append(bytes[begin..<place])
                let types = Set(elements.map { typeOfConstant($0) })
                return types.count == 1 && !types.contains(nil) ? (elements, place) : nil
            case UInt8(ascii: ",") where depth == 0:
                guard has(Array(", ".utf8), at: place) else { return nil }
                elements.append(bytes[begin..<place])
                begin = place + 2
            default: break
            }
            place = afterToken(place)
        }
        return nil
    }

    /// What a constant says that it is: the word behind `'…'::`, or `integer` of a short number; nil of anything else.
    private func typeOfConstant(_ element: ArraySlice<UInt8>) -> String? {
        let mark = UInt8(ascii: "'")
        let isEscaped = element.first == UInt8(ascii: "E") && element.dropFirst().first == mark
        if element.first != mark, !isEscaped {
            let isShort = (1..<10).contains(element.count) && element.allSatisfy { (0x30...0x39).contains($0) }
            return isShort ? "integer" : nil
        }
        let end = afterQuote(element.startIndex + (isEscaped ? 1 : 0), escapes: isEscaped)
        let cast = bytes[min(end, element.endIndex)..<element.endIndex]
        guard cast.starts(with: "::".utf8), cast.dropFirst(2).allSatisfy(Self.isPartOfName) else { return nil }
        return String(decoding: cast.dropFirst(2), as: UTF8.self)
    }

    /// The name of a type before `[]`; nil for one with brackets of its own, or a length.
    private func elementType(from start: Int) -> (type: ArraySlice<UInt8>, end: Int)? {
        var place = start
        while place < bytes.count, Self.isPartOfName(bytes[place]) { place = afterToken(place) }
        guard place > start, has(Array("[]".utf8), at: place), !has(Array("[".utf8), at: place + 2) else { return nil }
        return (bytes[start..<place], place + 2)
    }

    private static func isPartOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: " "),
            UInt8(ascii: "\""), 0x80...:
            true
        default: false
        }
    }

    private func has(_ text: [UInt8], at place: Int) -> Bool { bytes[min(place, bytes.count)...].starts(with: text) }

    /// Where what begins at `place` ends: a whole quoted text or name, or one byte.
    private func afterToken(_ place: Int) -> Int {
        switch bytes[place] {
        case UInt8(ascii: "'"):
            let isEscaped = place > 0 && bytes[place - 1] | 0x20 == UInt8(ascii: "e")
            return afterQuote(place, escapes: isEscaped)
        case UInt8(ascii: "\""): return afterQuote(place, escapes: false)
        case UInt8(ascii: "$"): return afterDollarQuote(place) ?? place + 1
        default: return place + 1
        }
    }

    private func afterQuote(_ start: Int, escapes: Bool) -> Int {
        var place = start + 1
        while place < bytes.count {
            if escapes, bytes[place] == UInt8(ascii: "\\") {
                place += 2
            } else if bytes[place] != bytes[start] {
                place += 1
            } else if place + 1 < bytes.count, bytes[place + 1] == bytes[start] {
                place += 2
            } else {
                return place + 1
            }
        }
        // An escape may be the last byte of a text that was cut.
        return bytes.count
    }

    private func afterDollarQuote(_ start: Int) -> Int? {
        guard let end = bytes[(start + 1)...].firstIndex(of: UInt8(ascii: "$")) else { return nil }
        let tag = Array(bytes[start...end])
        guard tag.dropFirst().dropLast().allSatisfy({ Self.isPartOfTag($0) }) else { return nil }
        var place = end + 1
        while place < bytes.count {
            if has(tag, at: place) { return place + tag.count }
            place += 1
        }
        return bytes.count
    }

    private static func isPartOfTag(_ byte: UInt8) -> Bool {
        isPartOfName(byte) && ![UInt8(ascii: "."), UInt8(ascii: " "), UInt8(ascii: "\"")].contains(byte)
    }
}
