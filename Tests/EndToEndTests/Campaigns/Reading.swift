import AgeEncryption
import Diagnostics
import Model
import Repository
@testable import Restore
import Streams

/// What a restore of a point would hand to the database, without a database: its manifest, its catalog and every row.
struct Reading: Equatable {
    let manifest: Manifest
    private let catalog: [UInt8]
    /// SHA-256 over the COPY text of every range, in the manifest's order.
    private let rows: [UInt8]

    /// Reads it the way a restore does; throws what a restore would.
    init(_ point: PointName, in repository: Repository, _ identities: [any Identity]) throws {
        manifest = try repository.readPoint(point).manifest
        catalog = try repository.readCatalog(point, identities: identities)
        let shelf = ArchiveShelf(repository: repository, manifest: manifest, identities: identities)
        let reader = try RangeReader(shelf: shelf)
        let hash = HashingSink()
        for table in manifest.tables {
            for range in table.ranges { try reader.read(range, of: table.name) { try hash.write($0) } }
        }
        for range in manifest.largeObjects?.ranges ?? [] {
            try reader.read(range, of: "large objects") { try hash.write($0) }
        }
        try hash.finish()
        rows = hash.digest
    }
}
