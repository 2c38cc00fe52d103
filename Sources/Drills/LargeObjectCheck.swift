import Model
import PostgresClient
import RowHashing

/// Reads the copy's large objects back, page by page, and compares them and what is said of them with the source's.
struct LargeObjectCheck {
    /// A session opened with `RestoreSession.openForRows` that may read `pg_largeobject`.
    let connection: Connection

    /// One check over all of them; nil when the point has none.
    func run(_ expected: LargeObjectData?, encoding: String) throws -> DrillRun.Check? {
        guard let expected else { return nil }
        let encoding = try connection.quoteLiteral(encoding)
        var hasher = RowHasher()
        _ = try connection.copyOut(
            "COPY (SELECT loid, pageno, data FROM pg_catalog.pg_largeobject) TO STDOUT WITH (ENCODING \(encoding))"
        ) { page in hasher.add(page.extracting(droppingLast: 1)) }
        let count = try connection.query("SELECT count(*) FROM pg_catalog.pg_largeobject_metadata")[0, 0]
        let pages = expected.ranges.reduce(RowProof()) { $0 + $1.proof }
        guard hasher.proof == pages, count == String(expected.count) else {
            let found = "\(count ?? "no") objects with \(hasher.proof.rows) pages"
            return check(fails: "\(found), not the \(expected.count) with \(pages.rows)")
        }
        let changed = try changed(expected.objects)
        guard changed.isEmpty else {
            let more = changed.count > 5 ? " and \(changed.count - 5) more" : ""
            let some = changed.prefix(5).joined(separator: ", ") + more
            return check(fails: "not there, or with another owner, privileges or comment: \(some)")
        }
        return DrillRun.Check(
            name: "large objects",
            passed: true,
            detail: "\(expected.count) came back as they were"
        )
    }

    private func check(fails reason: String) -> DrillRun.Check {
        DrillRun.Check(name: "large objects", passed: false, detail: reason)
    }

    /// The numbers of those that are not there or not as the manifest has them; who granted a privilege is no part of it.
    private func changed(_ objects: [LargeObjectFacts]) throws -> [String] {
        var changed: [String] = []
        for start in stride(from: 0, to: objects.count, by: 1000) {
            let rows = try objects[start..<min(start + 1000, objects.count)].map { object in
                let texts = try [object.owner, object.privileges, object.comment].map {
                    try $0.map(connection.quoteLiteral) ?? "NULL"
                }
                return "(\(object.oid)::pg_catalog.oid, \(texts.joined(separator: ", ")))"
            }
            changed += try connection.query(Self.comparison(rows.joined(separator: ", "))).compactMap { $0[0] }
        }
        return changed
    }

    private static func comparison(_ rows: String) -> String {
        func rights(_ list: String) -> String {
            """
            ARRAY(SELECT a.grantee || a.privilege_type || a.is_grantable FROM pg_catalog.aclexplode(
              coalesce(\(list), pg_catalog.acldefault('L', m.lomowner))) AS a ORDER BY 1)
            """
        }
        return """
            SELECT w.oid FROM (VALUES \(rows)) AS w(oid, owner, privileges, comment)
            LEFT JOIN pg_catalog.pg_largeobject_metadata AS m ON m.oid = w.oid
            WHERE m.oid IS NULL OR pg_catalog.pg_get_userbyid(m.lomowner) <> w.owner
              OR pg_catalog.obj_description(m.oid, 'pg_largeobject') IS DISTINCT FROM w.comment
              OR \(rights("m.lomacl")) <> \(rights("w.privileges::pg_catalog.aclitem[]"))
            ORDER BY 1
            """
    }
}
