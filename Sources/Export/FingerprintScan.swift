import Model
import PostgresClient

/// What a scan of (ctid, xmin) says about one range, as far as it concerns one base.
struct ScannedRange: Sendable, Hashable {
    var fingerprint: RangeFingerprint
    /// Rows whose xmin may have been assigned since the base; nil without a base.
    var inWindow: Int64?
}

/// What one scan says about one range to every base.
struct WindowedScan: Sendable, Hashable {
    var fingerprint: RangeFingerprint
    /// Rows in each of the scan's windows.
    var inWindows: [Int64]

    /// What it says to the base whose window stands at `position`.
    func seen(through position: Int?) -> ScannedRange {
        ScannedRange(fingerprint: fingerprint, inWindow: position.map { inWindows[$0] })
    }
}

/// The windows of all bases: bases of one age share one, and each is counted once.
struct ScanWindows: Sendable {
    let distinct: [FingerprintScan.Window]
    /// For each destination the position of its window; nil where nothing may be taken over.
    let positions: [Int?]

    init(_ windows: [FingerprintScan.Window?]) {
        let distinct = windows.reduce(into: [FingerprintScan.Window]()) { found, window in
            if let window, !found.contains(window) { found.append(window) }
        }
        self.distinct = distinct
        positions = windows.map { window in window.flatMap(distinct.firstIndex) }
    }
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

    /// Scans `ranges`, all of divisible tables, once for all `windows`; the answers stand in the same order.
    func scan(_ ranges: [(table: SourceTable, blocks: BlockRange)], windows: [Window]) throws -> [WindowedScan] {
        var found: [WindowedScan] = []
        var rest = ranges[...]
        while !rest.isEmpty {
            let batch = rest.prefix(Self.batchSize)
            rest = rest.dropFirst(Self.batchSize)
            let parts = batch.enumerated().map { Self.sql($0, $1.table, $1.blocks, windows) }
            let rows = try connection.query(parts.joined(separator: " UNION ALL ") + " ORDER BY 1")
            guard rows.count == batch.count else { throw PostgresError(message: "a fingerprint is missing") }
            found += try rows.map { try Self.scannedRange($0, windows: windows.count) }
        }
        return found
    }

    private static func scannedRange(_ row: Row, windows: Int) throws -> WindowedScan {
        let numbers = (1..<5 + windows).compactMap { row[$0].flatMap(Int64.init) }
        guard numbers.count == 4 + windows else { throw PostgresError(message: "a fingerprint cannot be read") }
        return WindowedScan(
            fingerprint: RangeFingerprint(
                rows: numbers[0],
                first: numbers[1],
                second: numbers[2],
                permanent: numbers[3]
            ),
            inWindows: Array(numbers[4...])
        )
    }

    /// `age()` is asked once per row, and a permanent transaction id, whose age is always the largest there is, is
    /// recognized by what it comes to: each step of the expression is a tenth of what the scan costs.
    ///
    /// `OFFSET 0` keeps the server from computing what the inner query names once for each use of it.
    private static func sql(_ index: Int, _ table: SourceTable, _ blocks: BlockRange, _ windows: [Window]) -> String {
        let inWindows = windows.map { window in
            ", count(*) FILTER (WHERE ((x - \(window.low & 0xFFFF_FFFF)) & 4294967295) < \(window.high - window.low))"
        }
        return """
            SELECT \(index), count(*), \
            coalesce(bit_xor(hashtidextended(ctid, x)), 0), \
            coalesce(bit_xor(hashtidextended(ctid, x | 1099511627776)), 0), \
            count(*) FILTER (WHERE x = (SELECT (age('3'::xid)::int8 + 3 - 2147483647) & 4294967295))\
            \(inWindows.joined()) \
            FROM (SELECT ctid, ((SELECT age('3'::xid)::int8 + 3) - age(xmin)) & 4294967295 AS x \
            \(table.fromClause(blocks)) OFFSET 0) AS q
            """
    }
}
