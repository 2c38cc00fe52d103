import Catalog
import Model
import PostgresClient
import Repository

/// The definitions of a database as they go into a point.
struct StoredDefinitions: Sendable {
    let text: PackedText
    let facts: CatalogFacts
    let notices: [String]

    /// Reads them under the snapshot of `connection` and of `second`; throws `unsupported-object` for what cannot be
    /// carried.
    init(from connection: Connection, alongside second: @escaping SecondSession, excluding patterns: [TablePattern])
        throws
    {
        let catalog = try explaining("cannot read the definitions of the database") {
            try CatalogReader(connection, alongside: second).read(excluding: patterns.map(\.text))
        }
        let packer = try TextPacker()
        var json = JSONBytes { try packer.write($0) }
        try CatalogSection.write(catalog, to: &json)
        try json.finish()
        text = try packer.finish()
        facts = CatalogFacts(objects: catalog.objects.count, sha256: text.sha256)
        notices = catalog.notices
    }
}
