import Model
import PostgresClient
import RowHashing
import Streams
import Testing

@testable import Export
@testable import Repository

/// Which database of which server in which state, as the history itself knows it and no guard can.
struct Era: Hashable, Sendable {
    /// Raised when another database takes over the name.
    var database = 0
    var timeline = 1
    /// Whether the session leaves `bytea_output` to the server.
    var isUnpinned = false
    /// What a test cannot do to a real server is done to its answers: another system (1), version (2) or build (3).
    var disguise = 0
}

/// One look at the database with the code of an export, and what it leaves to later looks.
struct Moment {
    let number: Int
    let era: Era
    let bounds: SnapshotBounds
    let tables: [SourceTable]
    let cluster: ClusterKey
    /// Catalog keys without one of their pieces.
    let blindKeys: [Mutant: [TableName: String]]
    /// Cast before the snapshot, where the history wants it.
    var earlyAnchor: Anchor?
    /// As a point of the repository would hold it.
    var manifest: Manifest
    /// Whether the server's history has gone another way since before it.
    var isLost = false

    var archive: ArchiveID { manifest.archives[0].id }

    /// Whether a later look may take anything from it at all.
    func isRightful(for now: Moment) -> Bool { !isLost && !mustBeRefused(by: now) }

    /// Whether this alone is reason enough, without a question to the server.
    func mustBeRefused(by now: Moment) -> Bool {
        era != now.era || manifest.continuity?.anchor == nil || now.bounds.xmax < bounds.xmax
            || now.bounds.xmax - bounds.xmin >= 1 << 31
    }
}

/// A session that looks, under one snapshot.
struct Looking {
    let reader: Connection
    let pinned: PinnedSettings
    let bounds: SnapshotBounds
    let inventory: Inventory
    let cluster: ClusterKey
    let text: String

    init(_ source: ConnectionSettings, known: Set<String>, era: Era) throws {
        reader = try Connection(source)
        pinned = PinnedSettings(known: era.isUnpinned ? known.subtracting(["bytea_output"]) : known)
        try reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; \(pinned.statements)")
        text = try #require(try reader.query("SELECT pg_catalog.pg_current_snapshot()::text")[0, 0])
        bounds = try #require(SnapshotBounds(text))
        let listing = try RelationListing(from: reader, excluding: [])
        inventory = try Inventory(
            of: ExportedSnapshot(
                identifier: "",
                text: text,
                bounds: bounds,
                holder: "",
                instant: .now,
                isInRecovery: false,
                relations: listing.relations,
                excluded: []
            ),
            leavingOut: [],
            on: reader
        )
        var key = try #require(try ClusterIdentity(of: reader, settings: pinned).key)
        switch era.disguise {
        case 1: key.systemIdentifier += "0"
        case 2: key.serverVersion += 1
        case 3: key.versionHash += "0"
        default: break
        }
        cluster = key
    }

    /// The catalog keys that a mutant sees.
    func keys(_ mutant: Mutant) throws -> [TableName: String]? {
        guard let query = try mutant.keyQuery else { return nil }
        let oids = "{\(inventory.tables.map { String($0.oid) }.joined(separator: ","))}"
        let keys = try CatalogKeys(of: oids, on: reader, asking: query)
        return Dictionary(
            uniqueKeysWithValues: inventory.tables.compactMap { table in
                keys.key(of: table.oid).map { (TableName(schema: table.schema, name: table.name), $0) }
            }
        )
    }

    /// Reads a range as an export does.
    func read(_ table: SourceTable, _ blocks: BlockRange) throws -> (proof: RowProof, textBytes: Int64) {
        let columns = table.columns.map { quotedIdentifier($0) }.joined(separator: ", ")
        var hasher = RowHasher()
        var bytes: Int64 = 0
        _ = try reader.copyOut("COPY (SELECT \(columns) \(table.fromClause(blocks))) TO STDOUT") { row in
            hasher.add(row.extracting(droppingLast: 1))
            bytes += Int64(row.byteCount)
        }
        return (hasher.proof, bytes)
    }
}

extension Moment {
    /// The moment as a point, its ranges and all.
    static func manifest(
        _ name: PointName,
        _ looking: Looking,
        tables: [TableData],
        archive: ArchiveID,
        anchor: Anchor?
    ) -> Manifest {
        let facts = SourceFacts(
            database: "history",
            serverVersion: looking.cluster.serverVersion,
            versionText: "",
            encoding: "UTF8",
            collation: "C",
            characterType: "C",
            localeProvider: "c",
            locale: nil,
            databaseBytes: nil
        )
        return Manifest(
            tool: "lifeboat test",
            point: name,
            source: facts,
            snapshot: SnapshotFacts(instant: name.slot.instant, text: looking.text, lsn: nil),
            settings: looking.pinned.recorded,
            continuity: Continuity(
                cluster: looking.cluster,
                xmin: looking.bounds.xmin,
                xmax: looking.bounds.xmax,
                anchor: anchor
            ),
            tables: tables,
            largeObjects: nil,
            sequences: [],
            archives: [ArchiveFacts(id: archive, bytes: 1000, sha256: "", writtenIn: name)],
            catalog: CatalogFacts(objects: 0, sha256: ""),
            omissions: [],
            phases: [],
            totals: BackupTotals(),
            previous: nil
        )
    }
}
