import AgeEncryption
import Diagnostics
import Glibc
import Model
import Repository
import Streams
import TestSupport
import Testing

/// A folder below the system's temporary folder, removed when the test ends.
final class ScratchFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/lifeboat-test-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
        }
        path = try #require(made)
    }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        var facts = stat()
        guard lstat(path, &facts) == 0 else { return }
        if facts.st_mode & S_IFMT == S_IFDIR, let stream = opendir(path) {
            chmod(path, 0o700)
            var names: [String] = []
            while let entry = readdir(stream) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != ".", name != ".." { names.append(name) }
            }
            closedir(stream)
            for name in names { remove(path + "/" + name) }
            rmdir(path)
        } else {
            unlink(path)
        }
    }
}

/// A repository with a keyring, and short ways to put things into it.
struct Scene {
    static let shop = PlanName("shop") ?? .unnamed
    static let start = Instant(secondsSinceEpoch: 1_800_000_000)

    let home: ScratchFolder
    let keyring: Keyring
    let store: any ObjectStore
    let repository: Repository

    init(_ store: any ObjectStore = MemoryStore()) throws {
        home = try ScratchFolder()
        keyring = try Keyring.createIfMissing(home.path + "/keys", now: Self.start).keyring
        self.store = store
        repository = try Repository.create(in: store, keyring: keyring, now: Self.start)
    }

    var identities: [any Identity] {
        get throws { try keyring.identities { throw Diagnostic(.keyMissing, "no passphrase in this test") } }
    }

    static func name(_ hour: Int, plan: PlanName = shop) -> PointName {
        PointName(plan: plan, slot: Slot(start + .seconds(hour * 3600)))
    }

    /// Writes one archive with `content`.
    func archive(_ content: [UInt8], for name: PointName) throws -> ArchiveFacts {
        let writer = try repository.newArchive()
        try writer.write(contentsOf: content)
        try writer.finish()
        return writer.facts(writtenIn: name)
    }

    /// Commits a point with an archive of its own, and those of `reusing` beside it.
    @discardableResult
    func commit(
        _ name: PointName,
        content: String = "rows",
        reusing: [ArchiveFacts] = [],
        previous: StoredPoint? = nil
    ) throws -> StoredPoint {
        let bytes = Array(content.utf8)
        let facts = try archive(bytes, for: name)
        let manifest = Self.manifest(name, archives: [facts] + reusing, length: Int64(bytes.count), previous: previous)
        return try repository.commit(manifest: manifest, catalog: Self.catalog)
    }

    static let catalog = Array(#"{"format":1,"objects":[]}"#.utf8)

    /// A manifest with one table of one range per archive.
    static func manifest(
        _ name: PointName,
        archives: [ArchiveFacts],
        length: Int64,
        previous: StoredPoint? = nil
    ) -> Manifest {
        let tables = archives.enumerated().map { index, archive in
            let location = ArchiveLocation(
                archive: archive.id,
                offset: 0,
                length: min(length, archive.bytes),
                members: 1,
                sha256: String(repeating: "0", count: 64)
            )
            let range = TableRange(
                blocks: .all,
                proof: RowProof(rows: 1, sum: 7),
                textBytes: length,
                location: location,
                fingerprint: nil,
                readIn: name.slot
            )
            return TableData(schema: "public", name: "table_\(index)", columns: ["id"], ranges: [range])
        }
        return Manifest(
            tool: "lifeboat test",
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
            tables: tables,
            largeObjects: nil,
            sequences: [],
            archives: archives,
            catalog: CatalogFacts(objects: 0, sha256: Hex.encode(SHA256.digest(of: catalog))),
            omissions: [],
            phases: [],
            totals: BackupTotals(),
            previous: previous?.asPrevious
        )
    }

    /// Decisions that keep the points of these hours.
    static func kept(_ hours: Range<Int>) -> [PruneDecision] {
        hours.map { PruneDecision(point: name($0), isKept: true, reasons: []) }
    }

    /// A record of `event`, ended `hour` hours after the start.
    func record(_ event: RunRecord.Event, hour: Int = 0) -> RunRecord {
        let instant = Self.start + .seconds(hour * 3600)
        return RunRecord(
            tool: "lifeboat test",
            plan: Self.shop,
            host: "here",
            started: instant,
            finished: instant,
            event: event
        )
    }
}

extension PlanName {
    /// Only for a name that cannot be nil.
    static var unnamed: PlanName {
        guard let name = PlanName("unnamed") else { preconditionFailure("a plan may have any name") }
        return name
    }
}

/// The code of the diagnostic that `body` throws; nil when it throws none.
func code(_ body: () throws -> Void) -> DiagnosticCode? {
    do {
        try body()
        return nil
    } catch {
        return (error as? Diagnostic)?.code
    }
}

/// A key that a test knows to be one.
func objectKey(_ text: String) throws -> ObjectKey { try #require(ObjectKey(text)) }
