import FoundationEssentials
import Testing

@testable import Model

/// How the index of a point is written.
@Suite struct ManifestEncodingTests {
    @Test("the index has the bytes that the encoder gives, with everything that may be there and without it")
    func bytes() throws {
        for manifest in [try Self.full(), try Self.bare()] {
            #expect(Self.bytes(of: manifest) == (try Self.bytesOfEncoder(manifest)))
            #expect(try JSONDecoder().decode(Manifest.self, from: Data(Self.bytes(of: manifest))) == manifest)
        }
    }

    @Test("what the encoder or we have written is read back, with members that nobody knows and in any order")
    func reading() throws {
        for manifest in [try Self.full(), try Self.bare()] {
            #expect(try Self.read(Self.bytes(of: manifest)) == manifest)
            let pretty = JSONEncoder()
            pretty.outputFormatting = [.prettyPrinted]
            let text = String(decoding: try pretty.encode(manifest), as: UTF8.self)
            #expect(try Self.read(Array(text.utf8)) == manifest)
            let unknown = #""later" : [ {"a":"\"]"}, -1.5e3, null, true, "", {}, [] ] , "#
            let later = ["tool", "database", "blocks", "rows", "instant"].reduce(text) { text, member in
                text.replacing("\"\(member)\"", with: unknown + "\"\(member)\"")
            }
            .replacing("\"tool\"", with: #""to\u006fl""#)
            #expect(try Self.read(Array(later.utf8)) == manifest)
        }
    }

    @Test("a member that is missing or is something else fails, and so does every cut")
    func damage() throws {
        let bytes = Self.bytes(of: try Self.bare())
        for count in 0..<bytes.count {
            #expect(throws: JSONReader.Failure.self) { try Self.read(Array(bytes[..<count])) }
        }
        let text = String(decoding: bytes, as: UTF8.self)
        let members = [
            "archives", "catalog", "format", "omissions", "phases", "point", "sequences", "settings", "snapshot",
            "source",
            "tables", "tool", "totals", "objects", "sha256", "instant", "encoding", "serverVersion", "rows",
            "rangesRead",
        ]
        for member in members {
            let without = text.replacing("\"\(member)\":", with: "\"x\":")
            #expect(throws: JSONReader.Failure.self, "\(member)") { try Self.read(Array(without.utf8)) }
            let other = text.replacing("\"\(member)\":", with: "\"\(member)\":false,\"x\":")
            #expect(throws: JSONReader.Failure.self, "\(member)") { try Self.read(Array(other.utf8)) }
        }
        #expect(throws: JSONReader.Failure.self) { try Self.read(bytes + [0x7D]) }
    }

    private static func read(_ bytes: [UInt8]) throws -> Manifest {
        try JSONReader.read(bytes) { try Manifest(from: &$0) }
    }

    @Test("every member of every value is written")
    func members() throws {
        // A member that was added since this was written shows here, and belongs into the writer.
        let manifest = try Self.full()
        #expect(Self.labels(manifest).count == 17)
        #expect(Self.labels(manifest.source).count == 9)
        #expect(Self.labels(manifest.snapshot) == ["instant", "text", "lsn"])
        #expect(Self.labels(manifest.tables[0]).count == 8)
        #expect(manifest.tables[0].rhythm.map(Self.labels) == ["busy", "unscanned"])
        let range = manifest.tables[0].ranges[0]
        #expect(Self.labels(range) == ["blocks", "proof", "textBytes", "location", "fingerprint", "readIn"])
        #expect(Self.labels(range.location) == ["archive", "offset", "length", "members", "sha256"])
        #expect(range.fingerprint.map(Self.labels) == ["rows", "first", "second", "permanent"])
        #expect(Self.labels(manifest.totals).count == 7)
        #expect(Self.labels(manifest.archives[0]) == ["id", "bytes", "sha256", "writtenIn"])
        #expect(Self.labels(manifest.phases[0]) == ["name", "started", "seconds", "bytes"])
        #expect(Self.labels(manifest.sequences[0]) == ["schema", "name", "lastValue", "isCalled"])
        #expect(Self.labels(manifest.omissions[0]) == ["object", "reason"])
        #expect(manifest.largeObjects.map { Self.labels($0.objects[0]) } == ["oid", "owner", "privileges", "comment"])
        #expect(manifest.continuity.map(Self.labels) == ["cluster", "xmin", "xmax", "anchor"])
        #expect(manifest.continuity.map { Self.labels($0.cluster).count } == 6)
        #expect(manifest.continuity?.anchor.map(Self.labels) == ["transactions", "committed"])
    }

    private static func labels(_ value: some Any) -> [String] { Mirror(reflecting: value).children.compactMap(\.label) }

    private static func bytes(of manifest: Manifest) -> [UInt8] {
        var json = JSONBytes()
        manifest.write(to: &json)
        return json.bytes
    }

    private static func bytesOfEncoder(_ manifest: Manifest) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(manifest))
    }

    private static func bare() throws -> Manifest {
        let slot = try #require(Slot("20261121T020000Z"))
        return Manifest(
            tool: "lifeboat",
            point: PointName(plan: try #require(PlanName("shop")), slot: slot),
            source: SourceFacts(
                database: "shop",
                serverVersion: 150_020,
                versionText: "PostgreSQL 15.20",
                encoding: "UTF8",
                collation: "C",
                characterType: "C",
                localeProvider: "c",
                locale: nil,
                databaseBytes: nil
            ),
            snapshot: SnapshotFacts(instant: slot.instant, text: "1:1:", lsn: nil),
            settings: [:],
            continuity: nil,
            tables: [],
            largeObjects: nil,
            sequences: [],
            archives: [],
            catalog: CatalogFacts(objects: 0, sha256: ""),
            omissions: [],
            phases: [],
            totals: BackupTotals(),
            previous: nil
        )
    }

    private static func full() throws -> Manifest {
        var manifest = try bare()
        let id = try #require(ArchiveID(String(repeating: "ab", count: 16)))
        let plan = try #require(PlanName("shop/\u{E0} la \"carte\""))
        manifest.point = PointName(plan: plan, slot: try #require(Slot("20261121T020000.123Z")))
        manifest.source.locale = "de-DE"
        manifest.source.databaseBytes = .max
        manifest.snapshot.lsn = "0/15D6A38"
        manifest.settings = ["TimeZone": "UTC", "DateStyle": "ISO, YMD", "search_path": ""]
        let cluster = ClusterKey(
            systemIdentifier: "7412",
            timeline: 1,
            databaseOID: .max,
            serverVersion: 150_020,
            versionHash: "v",
            settingsHash: "s"
        )
        let anchor = Anchor(transactions: [0, 9, 10, .max], committed: [true, false, false, true])
        manifest.continuity = Continuity(cluster: cluster, xmin: 0, xmax: .max, anchor: anchor)
        let location = ArchiveLocation(archive: id, offset: 0, length: 512, members: 1, sha256: "00")
        let first = TableRange(
            blocks: BlockRange(first: 0, end: 7),
            proof: RowProof(rows: 3, sum: 0x0123_4567_89AB_CDEF_0123_4567_89AB_CDEF),
            textBytes: 30,
            location: location,
            fingerprint: RangeFingerprint(rows: 3, first: .min, second: .max, permanent: 0),
            readIn: manifest.point.slot
        )
        var second = first
        second.blocks = BlockRange(first: 7, end: nil)
        second.fingerprint = nil
        second.proof = RowProof(rows: 0, sum: 0)
        manifest.tables = [
            TableData(
                schema: "public",
                name: "o\n\"\\/\u{1F600}",
                columns: ["id", ""],
                condition: "WHERE a",
                catalogKey: "k",
                isReusable: true,
                rhythm: TableRhythm(busy: 2, unscanned: 1),
                ranges: [first, second]
            ),
            TableData(schema: "public", name: "none", columns: [], ranges: []),
        ]
        let object = LargeObjectFacts(oid: .max, owner: "o", privileges: "{a=r/o}", comment: "c")
        manifest.largeObjects = LargeObjectData(objects: [object], ranges: [first])
        manifest.sequences = [
            SequenceState(schema: "public", name: "s", lastValue: -12, isCalled: true),
            SequenceState(schema: "public", name: "t", lastValue: .min, isCalled: false),
        ]
        manifest.archives = [ArchiveFacts(id: id, bytes: 4096, sha256: "11", writtenIn: manifest.point)]
        manifest.omissions = [Omission(object: "o", reason: "r")]
        manifest.notices = ["n"]
        manifest.phases = [
            Phase(
                name: "copy",
                started: Instant(microsecondsSinceEpoch: 1_800_000_000_123_456),
                seconds: 0.125,
                bytes: 7
            ),
            Phase(name: "tiny", started: manifest.point.slot.instant, seconds: 1.5e-7),
            Phase(name: "long", started: manifest.point.slot.instant, seconds: 123_456.789),
        ]
        manifest.totals = BackupTotals(bytesRead: 1, bytesRepresented: 2, bytesStored: 3, rows: 4, rangesRead: 5)
        manifest.totals.readReasons = ["rowsChanged": 2, "newTable": 1]
        manifest.previous = PreviousPoint(point: manifest.point, sha256: "22")
        return manifest
    }
}
