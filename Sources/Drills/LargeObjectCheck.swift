import Model
import PostgresClient
import RowHashing

/// Reads the copy's large objects back, page by page, and compares them with what the source held.
struct LargeObjectCheck {
    /// A session opened with `RestoreSession.openForRows` that may read `pg_largeobject`.
    let connection: Connection

    /// One check over all of them; nil when the point has none.
    func run(_ manifest: Manifest) throws -> DrillRun.Check? {
        guard let expected = manifest.largeObjects else { return nil }
        let encoding = try connection.quoteLiteral(manifest.source.encoding)
        var hasher = RowHasher()
        _ = try connection.copyOut(
            "COPY (SELECT loid, pageno, data FROM pg_catalog.pg_largeobject) TO STDOUT WITH (ENCODING \(encoding))"
        ) { page in hasher.add(page.extracting(droppingLast: 1)) }
        let count = try connection.query("SELECT count(*) FROM pg_catalog.pg_largeobject_metadata")[0, 0]
        let pages = expected.ranges.reduce(RowProof()) { $0 + $1.proof }
        let isSame = hasher.proof == pages && count == String(expected.count)
        return DrillRun.Check(
            name: "large objects",
            passed: isSame,
            detail: isSame
                ? "\(expected.count) came back as they were"
                : "\(count ?? "no") objects with \(hasher.proof.rows) pages, not the \(expected.count) with \(pages.rows)"
        )
    }
}
