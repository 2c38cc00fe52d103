import AgeEncryption
import Catalog
import Model
import PostgresClient

/// The definitions of a database as they go into a point.
struct StoredDefinitions: Sendable {
    /// JSON, as the manifest's hash covers it.
    let bytes: [UInt8]
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
        bytes = try CatalogSection(catalog).encoded()
        facts = CatalogFacts(objects: catalog.objects.count, sha256: Hex.encode(SHA256.digest(of: bytes)))
        notices = catalog.notices
    }
}
