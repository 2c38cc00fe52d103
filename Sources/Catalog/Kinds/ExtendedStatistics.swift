import PostgresClient

/// Reads extended statistics.
func readExtendedStatistics(_ context: ReadingContext) throws -> [FoundObject] {
    let target = context.major >= 17 ? "s.stxstattarget" : "nullif(s.stxstattarget, -1)"
    return try context.query(
        """
        SELECT s.oid, s.stxname AS name, n.nspname, pg_get_userbyid(s.stxowner) AS owner, s.stxrelid,
          pg_get_statisticsobjdef(s.oid) AS definition, \(target) AS target
        FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
        WHERE \(ReadingContext.userSchema)
        """
    ).map { row in
        var statements = [row.text("definition")]
        if let target = row["target"] {
            let name = quoted(row.text("nspname"), row.text("name"))
            statements.append("ALTER STATISTICS \(name) SET STATISTICS \(target)")
        }
        var found = namedObject(
            .statistics,
            in: SystemCatalog.statistics,
            row,
            [.schema, .owner],
            section: .postData,
            statements: statements
        )
        found.belongsTo = CatalogAddress(SystemCatalog.relation, row.oid("stxrelid"))
        return found
    }
}
