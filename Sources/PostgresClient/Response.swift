import CPQ

/// One `PGresult`, cleared when nobody holds it any more.
///
/// A class because rows hand it around; it belongs to the thread of its connection.
final class Response {
    let raw: OpaquePointer

    /// Takes over `raw`; nil when libpq returned no result.
    init?(_ raw: OpaquePointer?) {
        guard let raw else { return nil }
        self.raw = raw
    }

    deinit { PQclear(raw) }

    var status: ExecStatusType { PQresultStatus(raw) }
    var rowCount: Int { Int(PQntuples(raw)) }
    var columnNames: [String] {
        (0..<PQnfields(raw)).map { index in PQfname(raw, index).map { String(cString: $0) } ?? "" }
    }

    /// What the server says it did, such as `COPY 12`.
    var commandTag: String { String(cString: PQcmdStatus(raw)) }

    /// The rows the command touched, when its tag carries a number.
    var affectedRows: Int64? { Int64(String(cString: PQcmdTuples(raw))) }

    /// The server's error, when this result is one.
    var error: PostgresError? {
        guard status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE else { return nil }
        return PostgresError(
            sqlState: field(cpq_field_sqlstate),
            message: field(cpq_field_message) ?? tidied(String(cString: PQresultErrorMessage(raw))),
            detail: field(cpq_field_detail),
            hint: field(cpq_field_hint),
            context: field(cpq_field_context)
        )
    }

    private func field(_ code: cpq_field) -> String? {
        PQresultErrorField(raw, Int32(bitPattern: UInt32(code.rawValue))).map { String(cString: $0) }
    }

    /// The bytes of a value; nil for NULL.
    ///
    /// Valid as long as this object.
    func bytes(row: Int, column: Int) -> UnsafeRawBufferPointer? {
        guard PQgetisnull(raw, Int32(row), Int32(column)) == 0 else { return nil }
        let count = Int(PQgetlength(raw, Int32(row), Int32(column)))
        return UnsafeRawBufferPointer(start: PQgetvalue(raw, Int32(row), Int32(column)), count: count)
    }
}

/// A libpq message without the line break it ends with.
func tidied(_ message: String) -> String {
    var text = message[...]
    while let last = text.last, last.isWhitespace { text.removeLast() }
    // What libpq writes below its first line is said on the same one.
    let lines = text.split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }
    return lines.joined(separator: "; ")
}
