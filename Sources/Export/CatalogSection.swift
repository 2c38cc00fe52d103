import AgeEncryption
import Model

/// The definitions of a database as they go into a point.
struct CatalogSection: Sendable {
    /// JSON, as the manifest's hash covers it.
    var bytes: [UInt8]
    var facts: CatalogFacts
    var notices: [String]

    init(bytes: [UInt8], objects: Int, notices: [String]) {
        self.bytes = bytes
        self.notices = notices
        facts = CatalogFacts(objects: objects, sha256: Hex.encode(SHA256.digest(of: bytes)))
    }
}
