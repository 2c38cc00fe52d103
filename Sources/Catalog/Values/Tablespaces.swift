package import Model

/// Where tables and indexes lie: a fact beside their definition, because another server has other disks.
extension DatabaseCatalog {
    /// The tablespaces that hold something of the database, other than its own, with how many objects lie in each.
    package var tablespaces: [Spelling: Int] {
        objects.compactMap { $0.tablespace.map(Spelling.init) }.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }

    /// The same objects in other tablespaces; what `target` says nil for goes into the database's own.
    package func movingTablespaces(_ target: (String) -> String?) -> DatabaseCatalog {
        var moved = self
        for index in moved.objects.indices {
            if let space = moved.objects[index].tablespace { moved.objects[index].tablespace = target(space) }
        }
        return moved
    }
}

extension CatalogObject {
    /// The tablespace of a table, materialized view, index or key; nil for the database's own.
    package var tablespace: String? {
        get { facts["tablespace"] }
        set { facts["tablespace"] = newValue }
    }

    /// Statements that create the object, in its tablespace where the server has it and lets us use it.
    ///
    /// Whoever restores may be on a server without it: the object then goes where the others go.
    func inTablespace(_ statements: [String]) -> [String] {
        guard let tablespace else { return statements }
        let name = literal(tablespace)
        let use = doStatement(
            """
            BEGIN
              IF EXISTS (SELECT FROM pg_catalog.pg_tablespace WHERE spcname = \(name)
                  AND pg_catalog.has_tablespace_privilege(oid, 'CREATE')) THEN
                PERFORM pg_catalog.set_config('default_tablespace', \(name), false);
              END IF;
            END
            """
        )
        return [use] + statements + ["SET default_tablespace = ''"]
    }
}
