import Diagnostics
import FoundationEssentials

/// The catalog as a recovery point stores it: the values, and the same as SQL for whoever restores without Lifeboat.
package struct CatalogSection: Codable, Sendable {
    package static let currentFormat = 1

    package var format = CatalogSection.currentFormat
    package var catalog: DatabaseCatalog
    /// What creates the roles that are missing; those that exist stay as they are.
    package var rolesSQL: String
    /// What must be there before the rows: schemas, types, functions, tables.
    package var preDataSQL: String
    /// What comes after the rows: indexes, constraints, triggers, privileges, contents of materialized views.
    package var postDataSQL: String

    /// Writes the SQL of a catalog; throws `unsupported-object` when a definition is not a plain SQL statement.
    package init(_ catalog: DatabaseCatalog) throws {
        let script = RestoreScript(RestoreOrder(catalog, dropsMissingPublic: true))
        self.catalog = catalog
        rolesSQL = try script.missingRolesSQL()
        preDataSQL = try script.sql([.preData])
        postDataSQL = try script.sql([.postData, .privileges, .refresh, .last])
    }

    /// The section as bytes: JSON with sorted keys, the same for the same catalog.
    package func encoded() -> [UInt8] {
        var json = JSONBytes(reserving: 4 * (preDataSQL.utf8.count + postDataSQL.utf8.count))
        write(to: &json)
        return json.bytes
    }

    /// Reads what `encoded()` wrote, in this or an earlier format.
    package static func decode(_ bytes: [UInt8]) throws -> CatalogSection {
        let section: CatalogSection
        do {
            section = try JSONDecoder().decode(CatalogSection.self, from: Data(bytes))
        } catch {
            throw Diagnostic(.objectCorrupt, "the catalog of the point cannot be read", cause: redacted("\(error)"))
        }
        guard section.format <= currentFormat else {
            throw Diagnostic(
                .repositoryFormat,
                "the catalog of the point has format \(section.format)",
                cause: "this version reads formats up to \(currentFormat)",
                hint: "Upgrade Lifeboat."
            )
        }
        return section
    }
}
