import Diagnostics
package import Model
import Streams

/// The catalog as a recovery point stores it: the values, and the same as SQL for whoever restores without Lifeboat.
package enum CatalogSection {
    package static let currentFormat = 1

    /// Writes the section of a catalog: JSON with sorted keys, the same for the same catalog.
    ///
    /// `preDataSQL` is what must be there before the rows (schemas, types, functions, tables), `postDataSQL` what comes after
    /// them (indexes, constraints, triggers, privileges, contents of materialized views), and `rolesSQL` creates the roles
    /// that are missing. Neither the text nor the SQL in it is ever held as a whole. Throws `unsupported-object` when a definition is not a
    /// plain SQL statement.
    package static func write(_ catalog: DatabaseCatalog, to json: inout JSONBytes) throws {
        // The order takes as long as the values take to be written, and needs nothing of them but the catalog.
        let order = Eventual { RestoreOrder(catalog, dropsMissingPublic: true) }
        try json.object { json in
            json.name("catalog")
            catalog.write(to: &json)
            json.member("format", currentFormat)
            let script = RestoreScript(order.value)
            json.name("postDataSQL")
            try json.string { try script.write([.postData, .privileges, .refresh, .last], to: $0) }
            json.name("preDataSQL")
            try json.string { try script.write([.preData], to: $0) }
            json.member("rolesSQL", try script.missingRolesSQL())
        }
    }

    /// Reads what `write` wrote, in this or an earlier format; the SQL is not looked at.
    package static func decode(_ bytes: [UInt8]) throws -> DatabaseCatalog {
        do {
            let format = try JSONReader.format(of: bytes)
            guard format <= currentFormat else {
                throw Diagnostic(
                    .repositoryFormat,
                    "the catalog of the point has format \(format)",
                    cause: "this version reads formats up to \(currentFormat)",
                    hint: "Upgrade Lifeboat."
                )
            }
            var catalog: DatabaseCatalog?
            return try JSONReader.read(bytes) { json in
                try json.object { json, name in
                    if case "catalog" = name { catalog = try DatabaseCatalog(from: &json) } else { try json.skip() }
                }
                return try json.require(catalog, "catalog")
            }
        } catch let failure as JSONReader.Failure {
            throw Diagnostic(.objectCorrupt, "the catalog of the point cannot be read", cause: redacted("\(failure)"))
        }
    }
}
