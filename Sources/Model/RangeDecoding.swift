/// What the range before said: thousands of ranges share a few archives and slots, and each text is in memory once.
struct RangeMemory {
    var archive: ArchiveID?
    var slotText = ""
    var slot: Slot?
}

extension JSONReader {
    mutating func archiveID(_ memory: inout RangeMemory) throws -> ArchiveID {
        let text = try string(repeating: memory.archive?.text ?? "")
        if let last = memory.archive, last.text == text { return last }
        guard let id = ArchiveID(text) else { throw failure("'\(text)' is not the name of an archive") }
        memory.archive = id
        return id
    }

    mutating func slot(_ memory: inout RangeMemory) throws -> Slot {
        let text = try string(repeating: memory.slotText)
        if let last = memory.slot, memory.slotText == text { return last }
        guard let slot = Slot(text) else { throw failure("'\(text)' is not a slot") }
        memory.slotText = text
        memory.slot = slot
        return slot
    }
}

extension TableData {
    init(from json: inout JSONReader, _ memory: inout RangeMemory) throws {
        var schema: String?
        var table: String?
        var columns: [String]?
        var condition: String?
        var catalogKey: String?
        var isReusable: Bool?
        var rhythm: TableRhythm?
        var ranges: [TableRange]?
        try json.object { json, name in
            switch name {
            case "schema": schema = try json.string()
            case "name": table = try json.string()
            case "columns": columns = try json.strings()
            case "condition": condition = try json.optional { try $0.string() }
            case "catalogKey": catalogKey = try json.optional { try $0.string() }
            case "isReusable": isReusable = try json.bool()
            case "rhythm": rhythm = try json.optional { try TableRhythm(from: &$0) }
            case "ranges": ranges = try json.list { try TableRange(from: &$0, &memory) }
            default: try json.skip()
            }
        }
        self.init(
            schema: try json.require(schema, "schema"),
            name: try json.require(table, "name"),
            columns: try json.require(columns, "columns"),
            condition: condition,
            catalogKey: catalogKey,
            isReusable: try json.require(isReusable, "isReusable"),
            rhythm: rhythm,
            ranges: try json.require(ranges, "ranges")
        )
    }
}

extension TableRhythm {
    fileprivate init(from json: inout JSONReader) throws {
        var busy: Int?
        var unscanned: Int?
        try json.object { json, name in
            switch name {
            case "busy": busy = try json.int()
            case "unscanned": unscanned = try json.int()
            default: try json.skip()
            }
        }
        self.init(busy: try json.require(busy, "busy"), unscanned: try json.require(unscanned, "unscanned"))
    }
}

extension TableRange {
    init(from json: inout JSONReader, _ memory: inout RangeMemory) throws {
        var blocks: BlockRange?
        var proof: RowProof?
        var textBytes: Int64?
        var location: ArchiveLocation?
        var fingerprint: RangeFingerprint?
        var readIn: Slot?
        try json.object { json, name in
            switch name {
            case "blocks": blocks = try BlockRange(from: &json)
            case "proof": proof = try RowProof(from: &json)
            case "textBytes": textBytes = try json.int64()
            case "location": location = try ArchiveLocation(from: &json, &memory)
            case "fingerprint": fingerprint = try json.optional { try RangeFingerprint(from: &$0) }
            case "readIn": readIn = try json.slot(&memory)
            default: try json.skip()
            }
        }
        self.init(
            blocks: try json.require(blocks, "blocks"),
            proof: try json.require(proof, "proof"),
            textBytes: try json.require(textBytes, "textBytes"),
            location: try json.require(location, "location"),
            fingerprint: fingerprint,
            readIn: try json.require(readIn, "readIn")
        )
    }
}

extension BlockRange {
    fileprivate init(from json: inout JSONReader) throws {
        var first: Int64?
        var end: Int64?
        try json.object { json, name in
            switch name {
            case "first": first = try json.int64()
            case "end": end = try json.optional { try $0.int64() }
            default: try json.skip()
            }
        }
        self.init(first: try json.require(first, "first"), end: end)
    }
}

extension RowProof {
    fileprivate init(from json: inout JSONReader) throws {
        var rows: Int64?
        var sum: UInt128?
        try json.object { json, name in
            switch name {
            case "rows": rows = try json.int64()
            case "sum":
                let text = try json.string()
                guard let value = RowProof.sum(text) else { throw json.failure("a sum has not 32 hex digits") }
                sum = value
            default: try json.skip()
            }
        }
        self.init(rows: try json.require(rows, "rows"), sum: try json.require(sum, "sum"))
    }
}

extension ArchiveLocation {
    fileprivate init(from json: inout JSONReader, _ memory: inout RangeMemory) throws {
        var archive: ArchiveID?
        var offset: Int64?
        var length: Int64?
        var members: Int?
        var sha256: String?
        try json.object { json, name in
            switch name {
            case "archive": archive = try json.archiveID(&memory)
            case "offset": offset = try json.int64()
            case "length": length = try json.int64()
            case "members": members = try json.int()
            case "sha256": sha256 = try json.string()
            default: try json.skip()
            }
        }
        self.init(
            archive: try json.require(archive, "archive"),
            offset: try json.require(offset, "offset"),
            length: try json.require(length, "length"),
            members: try json.require(members, "members"),
            sha256: try json.require(sha256, "sha256")
        )
    }
}

extension RangeFingerprint {
    fileprivate init(from json: inout JSONReader) throws {
        var rows: Int64?
        var first: Int64?
        var second: Int64?
        var permanent: Int64?
        try json.object { json, name in
            switch name {
            case "rows": rows = try json.int64()
            case "first": first = try json.int64()
            case "second": second = try json.int64()
            case "permanent": permanent = try json.int64()
            default: try json.skip()
            }
        }
        self.init(
            rows: try json.require(rows, "rows"),
            first: try json.require(first, "first"),
            second: try json.require(second, "second"),
            permanent: try json.require(permanent, "permanent")
        )
    }
}
