/// Looking for ASCII marks in text byte by byte.
///
/// To Swift a quote before a combining accent, or behind a prepended sign (U+0600), is one `Character` with it and no
/// quote; to servers and shells it is a quote. Whatever is quoted for them, or taken apart as they would, is looked at
/// with these, and never with `Character` or `replacing(_:with:)`.
extension String {
    /// With `replacement` in the place of each `mark`, which is ASCII.
    package func replacingEach(_ mark: Unicode.Scalar, with replacement: String) -> String {
        let byte = UInt8(ascii: mark)
        guard utf8.contains(byte) else { return self }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(utf8.count + 8)
        for other in utf8 { if other == byte { bytes += replacement.utf8 } else { bytes.append(other) } }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What stands before and behind the first `mark`, which is ASCII; nil where there is none.
    package func cut(atFirst mark: Unicode.Scalar) -> (before: String, after: String)? {
        guard let place = utf8.firstIndex(of: UInt8(ascii: mark)) else { return nil }
        return (String(self[..<place]), String(self[utf8.index(after: place)...]))
    }

    /// The lines between line feeds, and between nothing else.
    package var byteLines: [Substring] {
        utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Substring($0) }
    }

    /// Whether these bytes stand somewhere in it.
    package func holdsBytes(of text: String) -> Bool {
        var (whole, part) = (self, text)
        return whole.withUTF8 { whole in
            part.withUTF8 { part in
                guard let first = part.first else { return true }
                guard whole.count >= part.count else { return false }
                return (0...(whole.count - part.count)).contains { place in
                    whole[place] == first && whole[place..<(place + part.count)].elementsEqual(part)
                }
            }
        }
    }
}
