import AgeEncryption
@testable import Catalog
import Diagnostics
import Model
@testable import Repository

extension FuzzTarget {
    /// The readers of what lies in a repository.
    static func stored() throws -> [FuzzTarget] {
        let name = try pointName()
        let key = Layout.point(name)
        let manifest = try CanonicalJSON.encode(sampleManifest(name))
        let record = try CanonicalJSON.encode(
            RunRecord(
                tool: "fuzz",
                plan: name.plan,
                host: "here",
                started: name.slot.instant,
                finished: name.slot.instant,
                event: .hold(HoldChange(point: name, reason: "audit"))
            )
        )
        let signer = try SigningKey.generate()
        let envelope = try Envelope.seal(.point, at: key, sections: [("index", [1, 2, 3])], with: signer)
        let json = [
            "{", "}", "[", "]", ",", ":", "null", "true", "1e999", "-1", "9223372036854775807", "\\u0000", "\"",
        ]
        return [
            FuzzTarget("manifest", seeds: [manifest], words: json + manifestWords) { bytes in
                guard let read = try? CanonicalJSON.manifest(from: bytes, object: "fuzz"),
                    (try? read.validate(as: name)) != nil
                else { return }
                // What passes every check has one meaning: written again and read, it is the same, whoever reads it.
                var written = JSONBytes()
                read.write(to: &written)
                let again = try CanonicalJSON.manifest(from: written.bytes, object: "fuzz")
                try require(again == read, "a manifest reads differently after it was written")
                let decoded = try CanonicalJSON.decode(Manifest.self, from: written.bytes, object: "fuzz")
                try require(decoded == read, "a manifest reads differently with the decoder")
                try require(read.tables.allSatisfy { $0.tilingProblem == nil }, "a table with a gap passes")
            },
            FuzzTarget("envelope", seeds: [envelope], words: json + ["\n", "sections", "bytes", "signature"]) { bytes in
                guard bytes != envelope, let opened = try? Envelope.open(bytes, as: .point, at: key) else { return }
                try require(opened.header.signer != signer.verifyingKey.text, "a changed envelope opens")
            },
            FuzzTarget("record", seeds: [record], words: json + ["backup", "drill", "prune", "verify", "hold"]) {
                bytes in
                guard let read = try? CanonicalJSON.decode(RunRecord.self, from: bytes, object: "fuzz") else { return }
                let again = try CanonicalJSON.decode(RunRecord.self, from: CanonicalJSON.encode(read), object: "fuzz")
                try require(again == read, "a record reads differently after it was written")
            },
            FuzzTarget("catalog", texts: [#"{"format":1,"objects":[]}"#], words: json + ["objects", "kind", "role"]) {
                _ = try? CatalogSection.decode(Array($0.utf8))
            },
            FuzzTarget("object-key", texts: [key.text, "repository/1.json", "archives/ab/x"], words: keyWords) { text in
                guard let read = ObjectKey(text) else { return }
                if let point = Layout.pointName(read) { try require(Layout.point(point) == read, "'\(text)': point") }
                if let id = Layout.archiveID(read) { try require(Layout.archive(id) == read, "'\(text)': archive") }
                if let place = Layout.recordPlace(read) { try require(place.key == read, "'\(text)': record") }
                if let number = Layout.descriptorNumber(read) {
                    try require(Layout.descriptor(number) == read, "'\(text)': descriptor")
                }
                if let epoch = Layout.condemnedEpoch(read) { try require(Layout.condemned(epoch) == read, "'\(text)'") }
            },
        ]
    }

    private static let manifestWords = [
        "tables", "ranges", "blocks", "archives", "location", "offset", "length", "rows",
    ]
    private static let keyWords = ["points/", "%2F", "%2e", "..", "/", ".point", "records/", ".record", "000000001"]

    private static func pointName() throws -> PointName {
        guard let plan = PlanName("shop/à la carte") else { throw FuzzFinding("a plan may have any name") }
        return PointName(plan: plan, slot: Slot(Instant(secondsSinceEpoch: 1_800_000_000)))
    }

    private static func sampleManifest(_ name: PointName) throws -> Manifest {
        guard let id = ArchiveID(String(repeating: "ab", count: 16)) else { throw FuzzFinding("an archive's name") }
        let hash = String(repeating: "0", count: 64)
        let location = ArchiveLocation(archive: id, offset: 0, length: 512, members: 1, sha256: hash)
        let range = TableRange(
            blocks: .all,
            proof: RowProof(rows: 3, sum: 7),
            textBytes: 30,
            location: location,
            fingerprint: nil,
            readIn: name.slot
        )
        return Manifest(
            tool: "fuzz",
            point: name,
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
            snapshot: SnapshotFacts(instant: name.slot.instant, text: "1:1:", lsn: nil),
            settings: ["DateStyle": "ISO"],
            continuity: nil,
            tables: [TableData(schema: "public", name: "orders", columns: ["id"], ranges: [range])],
            largeObjects: nil,
            sequences: [],
            archives: [ArchiveFacts(id: id, bytes: 4096, sha256: hash, writtenIn: name)],
            catalog: CatalogFacts(objects: 0, sha256: hash),
            omissions: [],
            phases: [],
            totals: BackupTotals(),
            previous: nil
        )
    }
}
