import Model
import PostgresClient

/// What a scan of (ctid, xmin) says about one range.
struct ScannedRange: Sendable, Hashable {
    var fingerprint: RangeFingerprint
    /// Rows whose xmin may have been assigned since the base; nil without a base.
    var inWindow: Int64?
}

/// Scans the (ctid, xmin) of ranges on the server: reads no row, transfers nothing, detoasts nothing.
///
/// `age(xid)` is a 32-bit subtraction from a value that is fixed for the transaction, so subtracting it from that value
/// gives the raw xmin back without a cast through text.
struct FingerprintScan {
    private static let batchSize = 64

    /// 64-bit bounds of the transaction ids that may be newer than the base.
    struct Window: Sendable, Hashable {
        var low: UInt64
        var high: UInt64
    }

    let connection: Connection

    /// Scans `ranges`, all of divisible tables; the answers stand in the same order.
    func scan(_ ranges: [(table: SourceTable, blocks: BlockRange)], window: Window?) throws -> [ScannedRange] {
        var found: [ScannedRange] = []
        var rest = ranges[...]
        while !rest.isEmpty {
            let batch = rest.prefix(Self.batchSize)
            rest = rest.dropFirst(Self.batchSize)
            let parts = batch.enumerated().map { Self.sql($0, $1.table, $1.blocks, window) }
            let rows = try connection.query(parts.joined(separator: " UNION ALL ") + " ORDER BY 1")
            guard rows.count == batch.count else { throw PostgresError(message: "a fingerprint is missing") }
            found += try rows.map { try Self.scannedRange($0, hasWindow: window != nil) }
        }
        return found
    }

    private static func scannedRange(_ row: Row, hasWindow: Bool) throws -> ScannedRange {
        let numbers = (1...5).map { row[$0].flatMap(Int64.init) }
        guard let count = numbers[0], let first = numbers[1], let second = numbers[2], let permanent = numbers[3],
            let inWindow = numbers[4]
        else { throw PostgresError(message: "a fingerprint cannot be read") }
        return ScannedRange(
            fingerprint: RangeFingerprint(rows: count, first: first, second: second, permanent: permanent),
            inWindow: hasWindow ? inWindow : nil
        )
    }

    private static func sql(_ index: Int, _ table: SourceTable, _ blocks: BlockRange, _ window: Window?) -> String {
        let inWindow =
            window.map { window in
                "count(*) FILTER (WHERE ((x - \(window.low & 0xFFFF_FFFF)) & 4294967295) < \(window.high - window.low))"
            } ?? "0"
        return """
            SELECT \(index), count(*), \
            coalesce(bit_xor(hashtidextended(ctid, x)), 0), \
            coalesce(bit_xor(hashtidextended(ctid, x | 1099511627776)), 0), \
            count(*) FILTER (WHERE a = 2147483647), \(inWindow) \
            FROM (SELECT ctid, age(xmin) AS a, \
            ((SELECT (age('3'::xid)::int8 + 3) & 4294967295) - age(xmin)) & 4294967295 AS x \
            \(table.fromClause(blocks))) AS q
            """
    }
}
