import PostgresClient

/// The types and collations that columns have: thousands of columns share a few.
struct ColumnTypes {
    struct Named {
        var text = ""
        var storage: String?
        /// The collation that columns of the type have unless they say otherwise.
        var collation: UInt32 = 0
    }

    private var types: [TypeUse: Named] = [:]
    private var collations: [UInt32: String] = [:]

    /// A type with its modifier, as a column has it.
    private struct TypeUse: Hashable {
        var type: UInt32
        var modifier: String
    }

    private static func use(_ row: Row) -> TypeUse { TypeUse(type: row.oid(3), modifier: row[4] ?? "-1") }

    /// Asks for what the answer to the query for columns names.
    init(_ context: ReadingContext, _ rows: Rows) throws {
        var uses: Set<TypeUse> = []
        var named: Set<UInt32> = []
        for row in rows {
            uses.insert(Self.use(row))
            named.insert(row.oid(9))
        }
        let list = uses.map { "(\($0.type)::oid, \($0.modifier)::int4)" }.joined(separator: ", ")
        guard !uses.isEmpty else { return }
        let answer = try context.query(
            """
            SELECT k.type, k.modifier, format_type(k.type, k.modifier), t.typstorage, t.typcollation
            FROM (VALUES \(list)) AS k(type, modifier) JOIN pg_type t ON t.oid = k.type
            """
        )
        for row in answer {
            let use = TypeUse(type: row.oid(0), modifier: row[1] ?? "-1")
            types[use] = Named(text: row[2] ?? "", storage: row[3], collation: row.oid(4))
        }
        named.remove(0)
        if named.isEmpty { return }
        let oids = named.map(String.init).joined(separator: ",")
        let sql = """
            SELECT c.oid, n.nspname, c.collname FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
            WHERE c.oid = ANY ('{\(oids)}'::oid[])
            """
        for row in try context.query(sql) {
            collations[row.oid(0)] = " COLLATE " + quoted(row[1] ?? "", row[2] ?? "")
        }
    }

    /// The type of a column, by its row.
    func type(of row: Row) -> Named { types[Self.use(row)] ?? Named() }

    /// What a column says about its collation when it is not the type's own.
    func collateClause(_ collation: UInt32, _ type: Named) -> String {
        collation == 0 || collation == type.collation ? "" : collations[collation] ?? ""
    }
}

/// What columns get when nobody gives them a value, and how generated ones are computed.
struct ColumnDefaults {
    private var defaults: [ColumnPlace: (oid: UInt32, text: String?)] = [:]

    /// Reads them all; `generatedIn` are the relations whose expressions may name columns.
    ///
    /// A default names no column, so the server need not open the table to write it down, which takes several times as
    /// long as the rest.
    init(_ context: ReadingContext, generatedIn relations: Set<UInt32>) throws {
        let list = relations.sorted().map(String.init).joined(separator: ",")
        let relation =
            relations.isEmpty ? "0" : "CASE WHEN d.adrelid = ANY ('{\(list)}'::oid[]) THEN d.adrelid ELSE 0 END"
        let sql = """
            SELECT d.adrelid, d.adnum, d.oid, pg_get_expr(d.adbin, \(relation)) FROM pg_attrdef d
            WHERE d.adrelid >= \(ReadingContext.firstUserOID)
            """
        let rows = try context.query(sql)
        defaults.reserveCapacity(rows.count)
        for row in rows {
            defaults[ColumnPlace(relation: row.oid(0), number: row.oid(1))] = (row.oid(2), row[3])
        }
    }

    subscript(place: ColumnPlace) -> (oid: UInt32, text: String?)? { defaults[place] }
}
