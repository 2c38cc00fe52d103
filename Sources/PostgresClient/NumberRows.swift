/// The answer to a query of which every value is a number without a sign, such as an OID; NULL is 0.
///
/// Four bytes a value, where libpq takes about thirty: answers with hundreds of thousands of them need not be held.
package struct NumberRows: Sendable {
    private let values: [UInt32]
    private let width: Int

    package init(_ rows: Rows) {
        width = rows.columns.count
        var values: [UInt32] = []
        values.reserveCapacity(rows.count * width)
        for row in rows {
            for column in 0..<width { values.append(row.unsigned(column) ?? 0) }
        }
        self.values = values
    }

    package var count: Int { width == 0 ? 0 : values.count / width }

    package subscript(row: Int, column: Int) -> UInt32 {
        precondition(column >= 0 && column < width, "column \(column) of \(width)")
        return values[row * width + column]
    }
}
