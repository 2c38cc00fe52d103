import PostgresClient

/// Reads languages that are not an extension's.
func readLanguages(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT l.oid, l.lanname AS name, pg_get_userbyid(l.lanowner) AS owner, l.lanacl AS acl,
          acldefault('l', l.lanowner) AS base, l.lanpltrusted, l.lanplcallfoid::regproc AS handler,
          l.laninline::regproc AS inline, l.lanvalidator::regproc AS validator
        FROM pg_language l WHERE l.lanispl AND l.oid >= \(ReadingContext.firstUserOID)
        """
    ).map { row in
        var statement = "CREATE \(row.flag("lanpltrusted") ? "TRUSTED " : "")LANGUAGE \(quoted(row.text("name")))"
        for (word, column) in [("HANDLER", "handler"), ("INLINE", "inline"), ("VALIDATOR", "validator")]
        where row.text(column) != "-" {
            statement += "\n    \(word) \(row.text(column))"
        }
        return namedObject(
            .language,
            in: SystemCatalog.language,
            row,
            [.owner, .privileges],
            statements: [statement]
        )
    }
}
