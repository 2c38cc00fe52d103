import Diagnostics
import Model
import PostgresClient

/// Large objects of a target that have the numbers of the point's.
///
/// They keep their numbers, because rows refer to them: one that is there already would fail in the middle.
struct LargeObjectOverlap {
    private var taken: [UInt32] = []

    /// Asks for `objects` a thousand at a time, and not at all where the target has none.
    init(_ objects: [LargeObjectFacts], _ connection: Connection) throws {
        let any = try connection.query("SELECT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata)")
        guard any[0, 0] == "t" else { return }
        for start in stride(from: 0, to: objects.count, by: 1000) {
            let batch = objects[start..<min(start + 1000, objects.count)].map { "\($0.oid)" }
            let rows = try connection.query(
                "SELECT oid FROM pg_catalog.pg_largeobject_metadata WHERE oid IN (\(batch.joined(separator: ", ")))"
            )
            taken += rows.compactMap { $0[0].flatMap { UInt32($0) } }
        }
    }

    /// Throws `target-refused` and names some of them.
    func requireNone(in database: String) throws {
        guard !taken.isEmpty else { return }
        let more = taken.count > 5 ? " and \(taken.count - 5) more" : ""
        throw Diagnostic(
            .targetRefused,
            "refusing to restore into database '\(database)': it has large objects with numbers of the point's",
            cause: "large object " + taken.sorted().prefix(5).map(String.init).joined(separator: ", ") + more,
            hint: "Restore into another database, or select schemas or tables: large objects keep their numbers,"
                + " because rows refer to them."
        )
    }
}
