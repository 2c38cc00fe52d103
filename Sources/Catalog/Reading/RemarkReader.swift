import PostgresClient

/// Puts comments and security labels on the objects they belong to.
struct RemarkReader {
    private let context: ReadingContext

    init(_ context: ReadingContext) { self.context = context }

    func attach(to objects: inout [FoundObject]) throws {
        var positions = Dictionary(
            objects.enumerated().map { ($1.address, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        for (index, object) in objects.enumerated() where object.object.identity.kind == .compositeType {
            // Comments on its columns are kept with the relation behind the type.
            for alias in object.aliases { positions[alias] = index }
        }
        let parts = Self.parts(of: objects)
        var left: [CatalogAddress] = []
        for row in try context.query(Self.sql) {
            let address = CatalogAddress(row.oid("classoid"), row.oid("objoid"))
            let provider = row["provider"]
            if let index = positions[address] {
                let object = objects[index].object
                var target = object.identity.kind.keyword + " " + object.reference
                if let column = row["attname"] { target = "COLUMN \(object.reference).\(quoted(column))" }
                let isUsual = target == "SCHEMA \"public\"" && row.text("text") == "standard public schema"
                if isUsual { continue }
                objects[index].object.remarks.append(Remark(target: target, provider: provider, text: row.text("text")))
            } else if let name = row["conname"],
                let index = parts[address] ?? positions[CatalogAddress(SystemCatalog.relation, row.oid("made_with"))]
            {
                let object = objects[index].object
                guard object.identity.kind != .domain else { continue }
                let target = "CONSTRAINT \(quoted(name)) ON \(object.reference)"
                objects[index].object.remarks.append(Remark(target: target, provider: provider, text: row.text("text")))
            } else if address.oid >= ReadingContext.firstUserOID, context.members[address] == nil {
                left.append(address)
            }
        }
        try notice(left, objects)
        for index in objects.indices where objects[index].object.remarks.count > 1 {
            objects[index].object.remarks.sort { ($0.target, $0.provider ?? "") < ($1.target, $1.provider ?? "") }
        }
    }

    /// Says which remarks are on something that is not an object of its own, such as a partition's copy of a trigger.
    private func notice(_ left: [CatalogAddress], _ objects: [FoundObject]) throws {
        if left.isEmpty { return }
        var known = context.ignored
        for object in objects {
            known.formUnion(object.aliases)
            for stage in object.stages { known.formUnion(stage.sources) }
        }
        for address in left where !known.contains(address) && address.catalog != SystemCatalog.largeObject {
            let rows = try context.query(
                """
                SELECT pg_describe_object(\(address.catalog)::oid, \(address.oid)::oid, 0) AS described
                FROM pg_identify_object(\(address.catalog)::oid, \(address.oid)::oid, 0) i
                WHERE coalesce(i.schema, '') NOT LIKE 'pg\\_%'
                """
            )
            guard let described = rows.first?["described"] else { continue }
            context.notices.append("the comment on \(described) was left out")
        }
    }

    /// The query for them; columns are looked up one by one, because the server would read all there are otherwise.
    ///
    /// A NOT NULL, and a check that a parent brings, is made with its table.
    static let sql = """
        SELECT d.classoid, d.objoid,
          CASE WHEN d.classoid = 'pg_class'::regclass AND d.objsubid <> 0 THEN
            (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = d.objoid AND a.attnum = d.objsubid)
          END AS attname, k.conname,
          CASE WHEN k.contype IN ('c', 'n') AND k.convalidated THEN k.conrelid END AS made_with,
          NULL AS provider, d.description AS text
        FROM pg_description d
        LEFT JOIN pg_constraint k ON d.classoid = 'pg_constraint'::regclass AND k.oid = d.objoid
        WHERE d.objoid >= \(ReadingContext.firstUserOID) OR d.classoid = 'pg_namespace'::regclass
          OR d.classoid = 'pg_extension'::regclass
        UNION ALL
        SELECT l.classoid, l.objoid, a.attname, NULL, NULL, l.provider, l.label
        FROM pg_seclabel l
        LEFT JOIN pg_attribute a ON l.classoid = 'pg_class'::regclass AND l.objsubid <> 0
          AND a.attrelid = l.objoid AND a.attnum = l.objsubid
        UNION ALL
        SELECT l.classoid, l.objoid, NULL, NULL, NULL, l.provider, l.label
        FROM pg_shseclabel l WHERE l.classoid = 'pg_authid'::regclass
        """

    /// Constraints that are part of their table or domain, by the object's position.
    private static func parts(of objects: [FoundObject]) -> [CatalogAddress: Int] {
        var parts: [CatalogAddress: Int] = [:]
        for (index, object) in objects.enumerated() {
            for part in object.parts where part.purpose == .constraint { parts[part.address] = index }
        }
        return parts
    }
}
