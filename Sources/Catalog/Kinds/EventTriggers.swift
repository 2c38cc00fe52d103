import PostgresClient

/// Reads event triggers; they are made last, so that they do not fire on the restore itself.
func readEventTriggers(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT e.oid, e.evtname AS name, pg_get_userbyid(e.evtowner) AS owner, e.evtevent, e.evtenabled, e.evttags,
          e.evtfoid::regproc AS function
        FROM pg_event_trigger e
        """
    ).map { row in
        let name = quoted(row.text("name"))
        var statement = "CREATE EVENT TRIGGER \(name) ON \(row.text("evtevent"))"
        if let tags = row["evttags"] {
            let list = arrayElements(tags).compactMap { $0.map(literal) }
            statement += "\n    WHEN TAG IN (" + list.joined(separator: ", ") + ")"
        }
        var statements = [statement + "\n    EXECUTE FUNCTION \(row.text("function"))()"]
        switch row.text("evtenabled") {
        case "D": statements.append("ALTER EVENT TRIGGER \(name) DISABLE")
        case "A": statements.append("ALTER EVENT TRIGGER \(name) ENABLE ALWAYS")
        case "R": statements.append("ALTER EVENT TRIGGER \(name) ENABLE REPLICA")
        default: break
        }
        return namedObject(
            .eventTrigger,
            in: SystemCatalog.eventTrigger,
            row,
            [.owner],
            section: .last,
            statements: statements
        )
    }
}
