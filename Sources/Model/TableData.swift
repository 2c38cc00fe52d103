/// The rows of one table: which columns, and where each block range of them lies.
package struct TableData: Sendable, Hashable, Codable {
    package var schema: String
    package var name: String
    /// The columns in the order of the COPY text; generated columns are not among them.
    package var columns: [String]
    /// What follows `FROM ONLY table` (`WHERE …`) when only some rows are here, as in configuration tables of extensions;
    /// nil means all rows.
    package var condition: String?
    /// Everything in the server's catalogs that the text of a row depends on, hashed; nil when it could not be computed.
    package var catalogKey: String?
    /// Whether the table's kind allows reuse by (ctid, xmin) at all.
    package var isReusable: Bool
    /// How restless the table has been lately; nil when there is nothing of note.
    package var rhythm: TableRhythm?
    /// The ranges, in block order; together they tile the table.
    package var ranges: [TableRange]

    /// Creates the table's data.
    package init(
        schema: String,
        name: String,
        columns: [String],
        condition: String? = nil,
        catalogKey: String? = nil,
        isReusable: Bool = false,
        rhythm: TableRhythm? = nil,
        ranges: [TableRange]
    ) {
        self.schema = schema
        self.name = name
        self.columns = columns
        self.condition = condition
        self.catalogKey = catalogKey
        self.isReusable = isReusable
        self.rhythm = rhythm
        self.ranges = ranges
    }

    /// The table's full name.
    package var fullName: TableName { TableName(schema: schema, name: name) }

    /// The proof of the whole table.
    package var proof: RowProof { ranges.reduce(RowProof()) { $0 + $1.proof } }

    /// The COPY text of the whole table, in bytes.
    package var textBytes: Int64 { ranges.reduce(0) { $0 + $1.textBytes } }

    /// Why the ranges do not tile [block 0, open end) exactly; nil when they do.
    ///
    /// A lost range would be missing from its own proof too, so this is checked when a backup is planned, when it is
    /// committed and whenever a manifest is read.
    package var tilingProblem: String? {
        guard let first = ranges.first, let last = ranges.last else { return "it has no range" }
        if first.blocks.first != 0 { return "its first range begins at block \(first.blocks.first)" }
        if let end = last.blocks.end { return "its last range ends at block \(end)" }
        for (range, next) in zip(ranges, ranges.dropFirst()) where range.blocks.end != next.blocks.first {
            return "a range ends at block \(range.blocks.end.map(String.init) ?? "∞"), the next begins at"
                + " \(next.blocks.first)"
        }
        return nil
    }
}

/// Whether looking for changes in a table has been worth it lately.
package struct TableRhythm: Sendable, Hashable, Codable {
    /// Runs in a row in which most of its ranges had changed.
    package var busy: Int
    /// Runs since then that did not look.
    package var unscanned: Int

    /// Creates a rhythm.
    package init(busy: Int, unscanned: Int) {
        self.busy = busy
        self.unscanned = unscanned
    }
}

/// A half-open range of heap blocks; an open end means "and whatever follows".
package struct BlockRange: Sendable, Hashable, Codable {
    package var first: Int64
    package var end: Int64?

    /// The whole table.
    package static let all = BlockRange(first: 0, end: nil)

    /// Creates a range.
    package init(first: Int64, end: Int64?) {
        self.first = first
        self.end = end
    }
}

/// One block range of a table as it was read: the unit of reuse.
package struct TableRange: Sendable, Hashable, Codable {
    package var blocks: BlockRange
    package var proof: RowProof
    /// COPY text, in bytes.
    package var textBytes: Int64
    package var location: ArchiveLocation
    /// What a later run compares; nil when the range can only be read again.
    package var fingerprint: RangeFingerprint?
    /// The point whose run read these rows last.
    package var readIn: Slot

    /// Creates a range.
    package init(
        blocks: BlockRange,
        proof: RowProof,
        textBytes: Int64,
        location: ArchiveLocation,
        fingerprint: RangeFingerprint?,
        readIn: Slot
    ) {
        self.blocks = blocks
        self.proof = proof
        self.textBytes = textBytes
        self.location = location
        self.fingerprint = fingerprint
        self.readIn = readIn
    }
}

/// The (ctid, xmin) facts of a range, computed on the server under the snapshot that read it.
package struct RangeFingerprint: Sendable, Hashable, Codable {
    package var rows: Int64
    /// Two seeded 64-bit XORs over (ctid, xmin).
    package var first: Int64
    package var second: Int64
    /// Rows whose xmin is not a normal transaction id; any makes the range unfit for reuse.
    package var permanent: Int64

    /// Creates a fingerprint.
    package init(rows: Int64, first: Int64, second: Int64, permanent: Int64) {
        self.rows = rows
        self.first = first
        self.second = second
        self.permanent = permanent
    }
}

/// Where a run of tar members lies: a byte range of an archive's tar stream (before encryption).
package struct ArchiveLocation: Sendable, Hashable, Codable {
    package var archive: ArchiveID
    package var offset: Int64
    package var length: Int64
    package var members: Int
    /// SHA-256 of the `length` bytes, hex.
    package var sha256: String

    /// Creates a location.
    package init(archive: ArchiveID, offset: Int64, length: Int64, members: Int, sha256: String) {
        self.archive = archive
        self.offset = offset
        self.length = length
        self.members = members
        self.sha256 = sha256
    }
}
