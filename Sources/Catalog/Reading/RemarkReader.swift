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
            } else if let index = parts[address], let name = row["conname"] {
                let object = objects[index].object
                guard object.identity.kind != .domain else { continue }
                let target = "CONSTRAINT \(quoted(name)) ON \(object.reference)"
                objects[index].object.remarks.append(Remark(target: target, provider: provider, text: row.text("text")))
            }
        }
        for index in objects.indices where objects[index].object.remarks.count > 1 {
            objects[index].object.remarks.sort { ($0.target, $0.provider ?? "") < ($1.target, $1.provider ?? "") }
        }
    }

    /// The query for them.
    static let sql = """
        SELECT d.classoid, d.objoid, a.attname, k.conname, NULL AS provider, d.description AS text
        FROM pg_description d
        LEFT JOIN pg_attribute a ON d.classoid = 'pg_class'::regclass AND d.objsubid <> 0
          AND a.attrelid = d.objoid AND a.attnum = d.objsubid
        LEFT JOIN pg_constraint k ON d.classoid = 'pg_constraint'::regclass AND k.oid = d.objoid
        WHERE d.objoid >= \(ReadingContext.firstUserOID) OR d.classoid = 'pg_namespace'::regclass
          OR d.classoid = 'pg_extension'::regclass
        UNION ALL
        SELECT l.classoid, l.objoid, a.attname, NULL, l.provider, l.label
        FROM pg_seclabel l
        LEFT JOIN pg_attribute a ON l.classoid = 'pg_class'::regclass AND l.objsubid <> 0
          AND a.attrelid = l.objoid AND a.attnum = l.objsubid
        UNION ALL
        SELECT l.classoid, l.objoid, NULL, NULL, l.provider, l.label
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
