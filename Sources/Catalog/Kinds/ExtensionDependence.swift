import PostgresClient

/// Adds `DEPENDS ON EXTENSION` where somebody asked that an object go with an extension.
func addExtensionDependence(_ context: ReadingContext, to objects: inout [FoundObject]) throws {
    let rows = try context.query(
        """
        SELECT d.classid, d.objid, d.refobjid, e.extname
        FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
        WHERE d.deptype = 'x' AND d.refclassid = 'pg_extension'::regclass
        ORDER BY e.extname COLLATE "C"
        """
    )
    if rows.isEmpty { return }
    let positions = Dictionary(objects.enumerated().map { ($1.address, $0) }, uniquingKeysWith: { first, _ in first })
    for row in rows {
        guard let index = positions[CatalogAddress(row.oid("classid"), row.oid("objid"))] else { continue }
        let object = objects[index].object
        let section = objects[index].stages.map(\.section).max() ?? .preData
        let statement =
            "ALTER \(object.identity.kind.keyword) \(object.reference) DEPENDS ON EXTENSION \(quoted(row.text("extname")))"
        objects[index].stages.append(
            FoundStage(
                .setting,
                section,
                [statement],
                needs: [(CatalogAddress(SystemCatalog.extension, row.oid("refobjid")), 0)]
            )
        )
    }
}
