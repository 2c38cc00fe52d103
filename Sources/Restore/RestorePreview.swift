package import Catalog
package import Model

/// What a restore would do, without a target: for a person to read before anything is written.
package struct RestorePreview: Sendable, Encodable {
    package let tables: Int
    package let rows: Int64
    package let textBytes: Int64
    package let definitions: Int
    package let leftOut: [Omission]
    /// Tables that no definition makes: they come with an extension, and keep the rows that they have in the target.
    package let extensionTables: [String]
    /// The tablespaces that objects ask for on the target.
    package let tablespaces: [String]

    /// Looks at what the options select; throws `usage` when that names something the point does not have.
    package init(_ manifest: Manifest, _ catalog: DatabaseCatalog, _ options: RestoreOptions) throws {
        let selection = try options.selection.resolved(in: catalog)
        let part = SelectionClosure(catalog, selection)
        let selected = manifest.tables.filter(selection.includes)
        tables = selected.count
        rows = selected.reduce(0) { $0 + $1.proof.rows }
        textBytes = selected.reduce(0) { $0 + $1.textBytes }
        definitions = part.catalog.objects.count
        let made = part.catalog.made(.table)
        extensionTables = selected.filter { $0.proof.rows > 0 && !made.contains($0.identity) }
            .map(\.fullName.description)
        leftOut = part.omissions + SelectionLosses(manifest, part.catalog, selection).omissions
        let spaces = part.catalog.tablespaces.keys.map { options.tablespaces[$0] ?? $0 }
        tablespaces = Set(spaces).sorted().map(\.text)
    }
}
