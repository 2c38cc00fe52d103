/// The name of a recovery point within its plan: the scheduled instant, or the start of a manual run.
///
/// Written without separators that file systems or shells dislike: `20261121T020000Z`, with milliseconds for a manual run
/// (`20261121T062455.123Z`). Creating the object with this name is the commit, so two runs of one slot collide on it.
package struct Slot: Sendable, Hashable, Comparable {
    /// The instant, in whole milliseconds.
    package let instant: Instant

    /// The slot at `instant`, cut to milliseconds.
    package init(_ instant: Instant) {
        let milliseconds = instant.microsecondsSinceEpoch / 1000
        self.instant = Instant(microsecondsSinceEpoch: milliseconds * 1000)
    }

    /// Reads the compact form or RFC 3339; nil when it is neither.
    package init?(_ text: String) {
        guard let instant = Instant(compact: text) ?? Instant(text) else { return nil }
        self.init(instant)
    }

    /// Reads only what a slot writes of itself, so that no two texts name one object.
    package init?(canonical text: Substring) {
        guard let instant = Instant(compact: String(text)), !text.hasSuffix(".000Z") else { return nil }
        self.init(instant)
    }

    /// Four digits of the year, for the object's path.
    package var year: String { padded(civil.year, 4) }

    /// Two digits of the month, for the object's path.
    package var month: String { padded(civil.month, 2) }

    private var civil: CivilTime { CivilTime(secondsSinceEpoch: instant.secondsSinceEpoch) }

    package static func < (a: Slot, b: Slot) -> Bool { a.instant < b.instant }
}

extension Slot: CustomStringConvertible {
    package var description: String {
        instant.description.replacing("-", with: "").replacing(":", with: "")
    }
}

extension Slot: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let slot = Slot(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is not a slot")
        }
        self = slot
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
