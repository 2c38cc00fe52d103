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
    ///
    /// The encoder builds a tree of many times the text before it writes any, so the objects go through it in portions.
    package func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var frame = self
        frame.catalog.objects = []
        let text = Array(try encoder.encode(frame))
        // Quotes inside strings are escaped: this can only be the list itself.
        guard let place = text.firstRange(of: Array("\"objects\":[]".utf8)) else {
            throw Diagnostic(.internalError, "the catalog cannot be written")
        }
        var bytes = Array(text[..<(place.upperBound - 1)])
        var rest = catalog.objects[...]
        while !rest.isEmpty {
            let portion = Array(try encoder.encode(Array(rest.prefix(Self.portion))))
            rest = rest.dropFirst(Self.portion)
            bytes += portion.dropFirst().dropLast()
            if !rest.isEmpty { bytes.append(UInt8(ascii: ",")) }
        }
        return bytes + text[(place.upperBound - 1)...]
    }

    private static let portion = 500

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
