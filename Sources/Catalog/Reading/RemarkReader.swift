import PostgresClient

/// Puts comments and security labels on the objects they belong to.
struct RemarkReader {
    private let context: ReadingContext
    /// By relation, in the order of their numbers.
    private let columns: [UInt32: [Column]]

    init(_ context: ReadingContext, columns: [UInt32: [Column]]) {
        self.context = context
        self.columns = columns
    }

    func attach(to objects: inout [FoundObject]) throws {
        // By index all through: a copy of each object would take longer than the rest.
        var positions: [CatalogAddress: Int] = [:]
        positions.reserveCapacity(objects.count)
        for index in objects.indices where positions[objects[index].address] == nil {
            positions[objects[index].address] = index
        }
        for index in objects.indices where objects[index].kind == .compositeType {
            // Comments on its columns are kept with the relation behind the type.
            for alias in objects[index].aliases { positions[alias] = index }
        }
        let parts = Self.parts(of: objects)
        var left: [Left] = []
        for row in try context.query(Self.sql) {
            let address = CatalogAddress(row.oid("classoid"), row.oid("objoid"))
            let provider = row["provider"]
            if address.catalog == SystemCatalog.database {
                context.notices.append("the security label of the database was left out")
            } else if let index = positions[address], let target = target(row, objects[index]) {
                let isUsual = target == "SCHEMA \"public\"" && row.text("text") == "standard public schema"
                if isUsual { continue }
                objects[index].object.remarks.append(Remark(target: target, provider: provider, text: row.text("text")))
            } else if let name = row["conname"],
                let index = parts[address] ?? positions[CatalogAddress(SystemCatalog.relation, row.oid("made_with"))]
            {
                guard objects[index].kind != .domain else { continue }
                let target = "CONSTRAINT \(quoted(name)) ON \(objects[index].object.reference)"
                objects[index].object.remarks.append(Remark(target: target, provider: provider, text: row.text("text")))
            } else if isUsers(address) {
                left.append(Left(address: address, isLabel: provider != nil))
            }
        }
        try notice(left, objects)
        for index in objects.indices where objects[index].object.remarks.count > 1 {
            objects[index].object.remarks.sort { ($0.target, $0.provider ?? "") < ($1.target, $1.provider ?? "") }
        }
    }

    /// What a row is about, as the statement names it; nil for a column that was not read.
    private func target(_ row: Row, _ found: FoundObject) -> String? {
        let reference = found.object.reference
        let part = row["part"].flatMap { UInt32($0) } ?? 0
        guard part != 0, row.oid("classoid") == SystemCatalog.relation else {
            return found.kind.keyword + " " + reference
        }
        let column = columns[row.oid("objoid")]?.first { $0.number == part }
        return column.map { "COLUMN \(reference).\(quoted($0.name))" }
    }

    /// A large object may have any number.
    private func isUsers(_ address: CatalogAddress) -> Bool {
        address.catalog == SystemCatalog.largeObject
            || address.oid >= ReadingContext.firstUserOID && context.members[address] == nil
    }

    /// A remark on what is no object here.
    private struct Left: Hashable {
        var address: CatalogAddress
        var isLabel: Bool
    }

    /// Says which remarks are on something that is not an object of its own, such as a partition's copy of a trigger.
    private func notice(_ left: [Left], _ objects: [FoundObject]) throws {
        if left.isEmpty { return }
        var known = context.ignored
        for object in objects {
            known.formUnion(object.aliases)
            for stage in object.stages { known.formUnion(stage.sources) }
        }
        for remark in left {
            let address = remark.address
            // A type that comes with a table or a range is known and has no comment of its own here; comments on large
            // objects go with their contents.
            if address.catalog != SystemCatalog.type {
                let isContent = address.catalog == SystemCatalog.largeObject && !remark.isLabel
                if known.contains(address) || isContent { continue }
            }
            let rows = try context.query(
                """
                SELECT pg_describe_object(\(address.catalog)::oid, \(address.oid)::oid, 0) AS described
                FROM pg_identify_object(\(address.catalog)::oid, \(address.oid)::oid, 0) i
                WHERE coalesce(i.schema, '') NOT LIKE 'pg\\_%'
                """
            )
            guard let described = rows.first?["described"] else { continue }
            let sort = remark.isLabel ? "security label of" : "comment on"
            context.notices.append("the \(sort) \(described) was left out")
        }
    }

    /// The query for them; columns have their numbers here, for their names were read before.
    ///
    /// A NOT NULL, and a check that a parent brings, is made with its table.
    static let sql = """
        SELECT d.classoid, d.objoid, d.objsubid AS part, k.conname,
          CASE WHEN k.contype IN ('c', 'n') AND k.convalidated THEN k.conrelid END AS made_with,
          NULL AS provider, d.description AS text
        FROM pg_description d
        LEFT JOIN pg_constraint k ON d.classoid = 'pg_constraint'::regclass AND k.oid = d.objoid
        WHERE d.objoid >= \(ReadingContext.firstUserOID) OR d.classoid = 'pg_namespace'::regclass
          OR d.classoid = 'pg_extension'::regclass
        UNION ALL
        SELECT l.classoid, l.objoid, l.objsubid, NULL, NULL, l.provider, l.label FROM pg_seclabel l
        UNION ALL
        SELECT l.classoid, l.objoid, 0, NULL, NULL, l.provider, l.label
        FROM pg_shseclabel l WHERE l.classoid = 'pg_authid'::regclass
          OR l.classoid = 'pg_database'::regclass
            AND l.objoid = (SELECT oid FROM pg_database WHERE datname = current_database())
        """

    /// Constraints that are part of their table or domain, by the object's position.
    private static func parts(of objects: [FoundObject]) -> [CatalogAddress: Int] {
        var parts: [CatalogAddress: Int] = [:]
        for index in objects.indices where !objects[index].parts.isEmpty {
            for part in objects[index].parts where part.purpose == .constraint { parts[part.address] = index }
        }
        return parts
    }
}
