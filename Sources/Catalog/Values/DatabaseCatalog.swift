/// Everything a database is made of except its rows, as values.
package struct DatabaseCatalog: Codable, Sendable, Hashable {
    /// The server's major version; statements were written by and for it.
    package var serverMajor: Int
    /// In order of identity.
    package var objects: [CatalogObject]
    /// What was found, could not be carried and did not stop the export, a sentence each.
    package var notices: [String]

    /// Creates a catalog.
    package init(serverMajor: Int, objects: [CatalogObject], notices: [String] = []) {
        self.serverMajor = serverMajor
        self.objects = objects
        self.notices = notices
    }

    /// The objects of one kind.
    package func objects(of kind: ObjectKind) -> [CatalogObject] { objects.filter { $0.identity.kind == kind } }

    /// The catalog with fewer objects; dependencies on what left are dropped.
    package func filtered(_ isKept: (CatalogObject) -> Bool) -> DatabaseCatalog {
        let kept = objects.filter(isKept)
        let names = Set(kept.map(\.identity))
        var result = self
        result.objects = kept.map { object in
            var object = object
            for index in object.stages.indices {
                object.stages[index].dependencies.removeAll { !names.contains($0.object) }
            }
            return object
        }
        return result
    }
}
