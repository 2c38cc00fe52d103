/// The index of a point out of JSON, without a tree of its values in between.
///
/// `Tests/ModelTests/ManifestEncodingTests.swift` holds it against `Codable`. Members that this version does not know are
/// passed over, as the format demands.
extension Manifest {
    /// Reads the whole index.
    package init(from json: inout JSONReader) throws {
        var members = ManifestMembers()
        try json.object { json, name in try members.read(name, from: &json) }
        self = try members.manifest(json)
    }
}

/// What has been read of an index.
private struct ManifestMembers {
    private var format: Int?
    private var tool: String?
    private var point: PointName?
    private var source: SourceFacts?
    private var snapshot: SnapshotFacts?
    private var settings: [String: String]?
    private var continuity: Continuity?
    private var tables: [TableData]?
    private var largeObjects: LargeObjectData?
    private var sequences: [SequenceState]?
    private var archives: [ArchiveFacts]?
    private var catalog: CatalogFacts?
    private var omissions: [Omission]?
    private var notices: [String]?
    private var phases: [Phase]?
    private var totals: BackupTotals?
    private var previous: PreviousPoint?
    private var memory = RangeMemory()

    mutating func read(_ name: JSONReader.Name, from json: inout JSONReader) throws {
        switch name {
        case "format": format = try json.int()
        case "tool": tool = try json.string()
        case "point": point = try json.point()
        case "source": source = try SourceFacts(from: &json)
        case "snapshot": snapshot = try SnapshotFacts(from: &json)
        case "settings": settings = try json.stringsByName()
        case "continuity": continuity = try json.optional { try Continuity(from: &$0) }
        case "tables": tables = try readTables(&json)
        case "largeObjects": largeObjects = try readLargeObjects(&json)
        case "sequences": sequences = try json.list { try SequenceState(from: &$0) }
        case "archives": archives = try json.list { try ArchiveFacts(from: &$0) }
        case "catalog": catalog = try CatalogFacts(from: &json)
        case "omissions": omissions = try json.list { try Omission(from: &$0) }
        case "notices": notices = try json.strings()
        case "phases": phases = try json.list { try Phase(from: &$0) }
        case "totals": totals = try BackupTotals(from: &json)
        case "previous": previous = try json.optional { try PreviousPoint(from: &$0) }
        default: try json.skip()
        }
    }

    private mutating func readTables(_ json: inout JSONReader) throws -> [TableData] {
        var tables: [TableData] = []
        try json.array { tables.append(try TableData(from: &$0, &memory)) }
        return tables
    }

    private mutating func readLargeObjects(_ json: inout JSONReader) throws -> LargeObjectData? {
        json.isNull() ? nil : try LargeObjectData(from: &json, &memory)
    }

    func manifest(_ json: JSONReader) throws -> Manifest {
        var manifest = Manifest(
            tool: try json.require(tool, "tool"),
            point: try json.require(point, "point"),
            source: try json.require(source, "source"),
            snapshot: try json.require(snapshot, "snapshot"),
            settings: try json.require(settings, "settings"),
            continuity: continuity,
            tables: try json.require(tables, "tables"),
            largeObjects: largeObjects,
            sequences: try json.require(sequences, "sequences"),
            archives: try json.require(archives, "archives"),
            catalog: try json.require(catalog, "catalog"),
            omissions: try json.require(omissions, "omissions"),
            notices: try json.require(notices, "notices"),
            phases: try json.require(phases, "phases"),
            totals: try json.require(totals, "totals"),
            previous: previous
        )
        manifest.format = try json.require(format, "format")
        return manifest
    }
}

extension JSONReader {
    mutating func list<Element>(_ element: (inout JSONReader) throws -> Element) throws -> [Element] {
        var elements: [Element] = []
        try array { elements.append(try element(&$0)) }
        return elements
    }

    fileprivate mutating func point() throws -> PointName {
        let text = try string()
        // The plan may hold a slash, the slot never does.
        guard let slash = text.lastIndex(of: "/"), let plan = PlanName(String(text[..<slash])),
            let slot = Slot(String(text[text.index(after: slash)...]))
        else { throw failure("'\(text)' is not plan/slot") }
        return PointName(plan: plan, slot: slot)
    }

    fileprivate mutating func instant() throws -> Instant {
        let text = try string()
        guard let instant = Instant(text) else { throw failure("'\(text)' is not an instant") }
        return instant
    }
}

extension SourceFacts {
    fileprivate init(from json: inout JSONReader) throws {
        var texts: [String: String] = [:]
        var serverVersion: Int?
        var databaseBytes: Int64?
        try json.object { json, name in
            switch name {
            case "serverVersion": serverVersion = try json.int()
            case "databaseBytes": databaseBytes = try json.optional { try $0.int64() }
            case "database", "versionText", "encoding", "collation", "characterType", "localeProvider", "locale":
                texts[name.text] = try json.optional { try $0.string() }
            default: try json.skip()
            }
        }
        self.init(
            database: try json.require(texts["database"], "database"),
            serverVersion: try json.require(serverVersion, "serverVersion"),
            versionText: try json.require(texts["versionText"], "versionText"),
            encoding: try json.require(texts["encoding"], "encoding"),
            collation: try json.require(texts["collation"], "collation"),
            characterType: try json.require(texts["characterType"], "characterType"),
            localeProvider: try json.require(texts["localeProvider"], "localeProvider"),
            locale: texts["locale"],
            databaseBytes: databaseBytes
        )
    }
}

extension SnapshotFacts {
    fileprivate init(from json: inout JSONReader) throws {
        var instant: Instant?
        var text: String?
        var lsn: String?
        try json.object { json, name in
            switch name {
            case "instant": instant = try json.instant()
            case "text": text = try json.string()
            case "lsn": lsn = try json.optional { try $0.string() }
            default: try json.skip()
            }
        }
        self.init(instant: try json.require(instant, "instant"), text: try json.require(text, "text"), lsn: lsn)
    }
}

extension Continuity {
    fileprivate init(from json: inout JSONReader) throws {
        var cluster: ClusterKey?
        var xmin: UInt64?
        var xmax: UInt64?
        var anchor: Anchor?
        try json.object { json, name in
            switch name {
            case "cluster": cluster = try ClusterKey(from: &json)
            case "xmin": xmin = try json.uint64()
            case "xmax": xmax = try json.uint64()
            case "anchor": anchor = try json.optional { try Anchor(from: &$0) }
            default: try json.skip()
            }
        }
        self.init(
            cluster: try json.require(cluster, "cluster"),
            xmin: try json.require(xmin, "xmin"),
            xmax: try json.require(xmax, "xmax"),
            anchor: anchor
        )
    }
}

extension Anchor {
    fileprivate init(from json: inout JSONReader) throws {
        var transactions: [UInt64]?
        var committed: [Bool]?
        try json.object { json, name in
            switch name {
            case "transactions": transactions = try json.list { try $0.uint64() }
            case "committed": committed = try json.list { try $0.bool() }
            default: try json.skip()
            }
        }
        self.init(
            transactions: try json.require(transactions, "transactions"),
            committed: try json.require(committed, "committed")
        )
    }
}

extension ClusterKey {
    fileprivate init(from json: inout JSONReader) throws {
        var system: String?
        var timeline: Int?
        var database: UInt32?
        var version: Int?
        var versionHash: String?
        var settingsHash: String?
        try json.object { json, name in
            switch name {
            case "systemIdentifier": system = try json.string()
            case "timeline": timeline = try json.int()
            case "databaseOID": database = try json.uint32()
            case "serverVersion": version = try json.int()
            case "versionHash": versionHash = try json.string()
            case "settingsHash": settingsHash = try json.string()
            default: try json.skip()
            }
        }
        self.init(
            systemIdentifier: try json.require(system, "systemIdentifier"),
            timeline: try json.require(timeline, "timeline"),
            databaseOID: try json.require(database, "databaseOID"),
            serverVersion: try json.require(version, "serverVersion"),
            versionHash: try json.require(versionHash, "versionHash"),
            settingsHash: try json.require(settingsHash, "settingsHash")
        )
    }
}

extension ArchiveFacts {
    fileprivate init(from json: inout JSONReader) throws {
        var memory = RangeMemory()
        var id: ArchiveID?
        var bytes: Int64?
        var sha256: String?
        var writtenIn: PointName?
        try json.object { json, name in
            switch name {
            case "id": id = try json.archiveID(&memory)
            case "bytes": bytes = try json.int64()
            case "sha256": sha256 = try json.string()
            case "writtenIn": writtenIn = try json.point()
            default: try json.skip()
            }
        }
        self.init(
            id: try json.require(id, "id"),
            bytes: try json.require(bytes, "bytes"),
            sha256: try json.require(sha256, "sha256"),
            writtenIn: try json.require(writtenIn, "writtenIn")
        )
    }
}

extension LargeObjectData {
    fileprivate init(from json: inout JSONReader, _ memory: inout RangeMemory) throws {
        var objects: [LargeObjectFacts]?
        var ranges: [TableRange]?
        try json.object { json, name in
            switch name {
            case "objects": objects = try json.list { try LargeObjectFacts(from: &$0) }
            case "ranges": ranges = try json.list { try TableRange(from: &$0, &memory) }
            default: try json.skip()
            }
        }
        self.init(objects: try json.require(objects, "objects"), ranges: try json.require(ranges, "ranges"))
    }
}

extension LargeObjectFacts {
    fileprivate init(from json: inout JSONReader) throws {
        var oid: UInt32?
        var owner: String?
        var privileges: String?
        var comment: String?
        try json.object { json, name in
            switch name {
            case "oid": oid = try json.uint32()
            case "owner": owner = try json.string()
            case "privileges": privileges = try json.optional { try $0.string() }
            case "comment": comment = try json.optional { try $0.string() }
            default: try json.skip()
            }
        }
        self.init(
            oid: try json.require(oid, "oid"),
            owner: try json.require(owner, "owner"),
            privileges: privileges,
            comment: comment
        )
    }
}

extension CatalogFacts {
    fileprivate init(from json: inout JSONReader) throws {
        var objects: Int?
        var sha256: String?
        try json.object { json, name in
            switch name {
            case "objects": objects = try json.int()
            case "sha256": sha256 = try json.string()
            default: try json.skip()
            }
        }
        self.init(objects: try json.require(objects, "objects"), sha256: try json.require(sha256, "sha256"))
    }
}

extension SequenceState {
    fileprivate init(from json: inout JSONReader) throws {
        var schema: String?
        var sequence: String?
        var lastValue: Int64?
        var isCalled: Bool?
        try json.object { json, name in
            switch name {
            case "schema": schema = try json.string()
            case "name": sequence = try json.string()
            case "lastValue": lastValue = try json.int64()
            case "isCalled": isCalled = try json.bool()
            default: try json.skip()
            }
        }
        self.init(
            schema: try json.require(schema, "schema"),
            name: try json.require(sequence, "name"),
            lastValue: try json.require(lastValue, "lastValue"),
            isCalled: try json.require(isCalled, "isCalled")
        )
    }
}

extension Omission {
    fileprivate init(from json: inout JSONReader) throws {
        var object: String?
        var reason: String?
        try json.object { json, name in
            switch name {
            case "object": object = try json.string()
            case "reason": reason = try json.string()
            default: try json.skip()
            }
        }
        self.init(object: try json.require(object, "object"), reason: try json.require(reason, "reason"))
    }
}

extension Phase {
    fileprivate init(from json: inout JSONReader) throws {
        var phase: String?
        var started: Instant?
        var seconds: Double?
        var bytes: Int64?
        try json.object { json, name in
            switch name {
            case "name": phase = try json.string()
            case "started": started = try json.instant()
            case "seconds": seconds = try json.double()
            case "bytes": bytes = try json.optional { try $0.int64() }
            default: try json.skip()
            }
        }
        self.init(
            name: try json.require(phase, "name"),
            started: try json.require(started, "started"),
            seconds: try json.require(seconds, "seconds"),
            bytes: bytes
        )
    }
}

extension PreviousPoint {
    fileprivate init(from json: inout JSONReader) throws {
        var point: PointName?
        var sha256: String?
        try json.object { json, name in
            switch name {
            case "point": point = try json.point()
            case "sha256": sha256 = try json.string()
            default: try json.skip()
            }
        }
        self.init(point: try json.require(point, "point"), sha256: try json.require(sha256, "sha256"))
    }
}

extension BackupTotals {
    fileprivate init(from json: inout JSONReader) throws {
        var numbers: [String: Int64] = [:]
        var readReasons: [String: Int]?
        try json.object { json, name in
            switch name {
            case "bytesRead", "bytesRepresented", "bytesStored", "rows", "rangesRead", "rangesReused":
                numbers[name.text] = try json.int64()
            case "readReasons":
                readReasons = try json.optional { json in
                    var reasons: [String: Int] = [:]
                    try json.object { reasons[$1.text] = try $0.int() }
                    return reasons
                }
            default: try json.skip()
            }
        }
        self.init(
            bytesRead: try json.require(numbers["bytesRead"], "bytesRead"),
            bytesRepresented: try json.require(numbers["bytesRepresented"], "bytesRepresented"),
            bytesStored: try json.require(numbers["bytesStored"], "bytesStored"),
            rows: try json.require(numbers["rows"], "rows"),
            rangesRead: Int(try json.require(numbers["rangesRead"], "rangesRead")),
            rangesReused: Int(try json.require(numbers["rangesReused"], "rangesReused")),
            readReasons: readReasons
        )
    }
}
