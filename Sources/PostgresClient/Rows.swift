/// The answer to a query, held in memory by libpq; values become strings when they are asked for.
///
/// Belongs to the thread of its connection, but outlives it. Asking for a column that the query did not select is a
/// programming error and ends the process.
package struct Rows: RandomAccessCollection {
    let response: Response
    private let layout: Columns

    init(_ response: Response, columns: Columns? = nil) {
        self.response = response
        layout = columns ?? Columns(response.columnNames)
    }

    /// The names of the columns, in order.
    package var columns: [String] { layout.names }

    package var startIndex: Int { 0 }
    package var endIndex: Int { response.rowCount }

    package subscript(row: Int) -> Row {
        precondition(row >= 0 && row < endIndex, "row \(row) of \(endIndex)")
        return Row(response: response, columns: layout, index: row)
    }

    /// One value as text; nil for NULL.
    package subscript(row: Int, column: Int) -> String? { self[row][column] }

    /// One value as text; nil for NULL.
    package subscript(row: Int, column: String) -> String? { self[row][column] }
}

/// One row of an answer.
///
/// Inside `Connection.forEachRow` it may be kept, but then its memory is kept too.
package struct Row {
    private let response: Response
    private let columns: Columns
    private let index: Int

    init(response: Response, columns: Columns, index: Int) {
        self.response = response
        self.columns = columns
        self.index = index
    }

    /// The number of values.
    package var count: Int { columns.names.count }

    /// A value as text; nil for NULL.
    package subscript(column: Int) -> String? {
        precondition(column >= 0 && column < count, "column \(column) of \(count)")
        return response.bytes(row: index, column: column).map { String(decoding: $0, as: UTF8.self) }
    }

    /// A value as text; nil for NULL.
    package subscript(column: String) -> String? { self[columns.index(of: column)] }

    /// A number without a sign, such as an OID; nil for NULL and for what is none.
    ///
    /// Read from the bytes: answers with hundreds of thousands of OIDs need no string for each.
    package func unsigned(_ column: Int) -> UInt32? {
        precondition(column >= 0 && column < count, "column \(column) of \(count)")
        guard let bytes = response.bytes(row: index, column: column), !bytes.isEmpty else { return nil }
        var number: UInt32 = 0
        for byte in bytes {
            guard (0x30...0x39).contains(byte) else { return nil }
            let (product, isTooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, isStillTooLarge) = product.addingReportingOverflow(UInt32(byte - 0x30))
            if isTooLarge || isStillTooLarge { return nil }
            number = sum
        }
        return number
    }

    /// A number without a sign, such as an OID; nil for NULL and for what is none.
    package func unsigned(_ column: String) -> UInt32? { unsigned(columns.index(of: column)) }

    /// A value as the bytes the server sent; nil for NULL.
    ///
    /// They are only borrowed for the call.
    package func withBytes<Result>(_ column: Int, _ body: (RawSpan?) throws -> Result) rethrows -> Result {
        precondition(column >= 0 && column < count, "column \(column) of \(count)")
        guard let bytes = response.bytes(row: index, column: column) else { return try body(nil) }
        return try withExtendedLifetime(response) { try body(bytes.bytes) }
    }
}

/// The column names of an answer, shared by all its rows; used by one thread at a time, as they are.
final class Columns {
    let names: [String]
    private let positions: [String: Int]
    /// Where the next name is likely to be: most readers ask in the order of the query, row by row, and a look at one
    /// name takes a tenth of the time of a hash.
    private var next = 0

    init(_ names: [String]) {
        self.names = names
        positions = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
    }

    func index(of name: String) -> Int {
        if next < names.count, names[next] == name {
            next += 1
            return next - 1
        }
        guard let position = positions[name] else {
            preconditionFailure("the query has no column '\(name)', only \(names.joined(separator: ", "))")
        }
        next = position + 1
        return position
    }
}
