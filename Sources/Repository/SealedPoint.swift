package import AgeEncryption
import Diagnostics
import Model

/// A point that was read, and its definitions, which only the recipients' identities open.
package struct SealedPoint: Sendable {
    package let point: StoredPoint
    let catalog: [UInt8]

    /// The plaintext JSON of the catalog.
    package func openCatalog(identities: [any Identity]) throws -> [UInt8] {
        let name = point.name
        let text = try SealedText.open(catalog, with: identities, object: "the catalog of point '\(name)'")
        guard Hex.encode(SHA256.digest(of: text)) == point.manifest.catalog.sha256 else {
            throw Diagnostic(.objectCorrupt, "the catalog of point '\(name)' does not match its index")
        }
        return text
    }
}
