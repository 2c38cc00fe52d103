import PostgresClient

/// Finds the tables of which the server can plan no query.
///
/// Planning looks at the expressions of a table's indexes and statistics and puts SQL functions into their places. One
/// that names what it calls without a schema works under the search path of the applications, and not under our empty one.
struct PlanTrial {
    let connection: Connection

    /// The tables of `relations`, by their numbers, that cannot be asked; only those are tried that could fail.
    func refused(of relations: [ListedRelation]) throws -> Set<UInt32> {
        let oids = "{\(relations.map { String($0.identity.oid) }.joined(separator: ","))}"
        let suspects = Set(try connection.query(Self.sql, [oids]).compactMap { $0[0].flatMap(UInt32.init) })
        return Set(
            try relations.filter { try suspects.contains($0.identity.oid) && !canPlan($0) }.map(\.identity.oid)
        )
    }

    private func canPlan(_ relation: ListedRelation) throws -> Bool {
        try connection.execute("SAVEPOINT trial")
        do {
            _ = try connection.query("EXPLAIN SELECT ctid FROM ONLY \(relation.sqlName)")
            try connection.execute("RELEASE SAVEPOINT trial")
            return true
        } catch let error as PostgresError where !error.isConnectionLost && !error.isCancelled {
            try connection.execute("ROLLBACK TO SAVEPOINT trial; RELEASE SAVEPOINT trial")
            return false
        }
    }

    /// Tables with indexes or statistics over functions that are not written in C, directly or behind an operator.
    private static let sql = """
        SELECT DISTINCT coalesce(i.indrelid, s.stxrelid)
        FROM pg_catalog.pg_depend AS d
        LEFT JOIN pg_catalog.pg_operator AS o
          ON d.refclassid = 'pg_catalog.pg_operator'::pg_catalog.regclass AND o.oid = d.refobjid
        JOIN pg_catalog.pg_proc AS p ON p.oid = coalesce(o.oprcode, d.refobjid)
        JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang AND l.lanname NOT IN ('c', 'internal')
        LEFT JOIN pg_catalog.pg_index AS i
          ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND i.indexrelid = d.objid
        LEFT JOIN pg_catalog.pg_statistic_ext AS s
          ON d.classid = 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass AND s.oid = d.objid
        WHERE d.refclassid IN (
            'pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass)
          AND p.oid >= 16384 AND coalesce(i.indrelid, s.stxrelid) = ANY ($1::pg_catalog.oid[])
        """
}
