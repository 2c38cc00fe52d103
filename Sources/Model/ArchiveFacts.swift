/// The random name of an archive: 128 bits as 32 hex digits.
///
/// It says nothing about what is inside.
package struct ArchiveID: Sendable, Hashable, CustomStringConvertible {
    package let text: String

    /// Reads 32 lower-case hex digits; nil when it is anything else.
    package init?(_ text: String) {
        guard text.utf8.count == 32, text.utf8.allSatisfy(Self.isDigit) else { return nil }
        self.text = text
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
        default: false
        }
    }

    package var description: String { text }
}

extension ArchiveID: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = ArchiveID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not 32 hex digits")
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// An archive as it lies in the repository.
package struct ArchiveFacts: Sendable, Hashable, Codable {
    package var id: ArchiveID
    /// Encrypted size in bytes.
    package var bytes: Int64
    /// SHA-256 of the encrypted object, hex.
    package var sha256: String
    /// The point whose run wrote it.
    package var writtenIn: PointName

    /// Creates the facts.
    package init(id: ArchiveID, bytes: Int64, sha256: String, writtenIn: PointName) {
        self.id = id
        self.bytes = bytes
        self.sha256 = sha256
        self.writtenIn = writtenIn
    }
}

/// The large objects of a database: their pages, read like a table's rows.
package struct LargeObjectData: Sendable, Hashable, Codable {
    /// Every large object, those without a page included, in order of number.
    package var objects: [LargeObjectFacts]
    /// The pages by ranges of object numbers (`blocks` counts those); rows are `loid`, `pageno`, `data`.
    package var ranges: [TableRange]

    /// How many there are.
    package var count: Int64 { Int64(objects.count) }

    /// Creates the data.
    package init(objects: [LargeObjectFacts], ranges: [TableRange]) {
        self.objects = objects
        self.ranges = ranges
    }
}

/// What is known of one large object besides its pages.
package struct LargeObjectFacts: Sendable, Hashable, Codable {
    package var oid: UInt32
    package var owner: String
    /// Its access privileges as `aclitem[]` text; nil for the default.
    package var privileges: String?
    package var comment: String?

    /// Creates the facts.
    package init(oid: UInt32, owner: String, privileges: String?, comment: String?) {
        self.oid = oid
        self.owner = owner
        self.privileges = privileges
        self.comment = comment
    }
}

/// Where a sequence stood; read after the snapshot, never lowered at restore.
package struct SequenceState: Sendable, Hashable, Codable {
    package var schema: String
    package var name: String
    package var lastValue: Int64
    package var isCalled: Bool

    /// Creates a state.
    package init(schema: String, name: String, lastValue: Int64, isCalled: Bool) {
        self.schema = schema
        self.name = name
        self.lastValue = lastValue
        self.isCalled = isCalled
    }
}
