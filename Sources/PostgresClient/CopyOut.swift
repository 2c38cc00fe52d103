import CPQ
import Streams

extension Connection {
    /// Runs a `COPY … TO STDOUT` and hands over each row as the server sent it, the line break at its end included.
    ///
    /// The bytes are only borrowed for the call. Returns the number of rows, and only when the server says that it sent
    /// exactly as many and that the COPY is complete; everything else throws. When `row` throws, the session is left in
    /// the middle of the COPY and is not usable any more.
    package func copyOut(_ sql: String, row: (RawSpan) throws -> Void) throws -> Int64 {
        try whileBusy {
            try startCopy(sql, expecting: PGRES_COPY_OUT)
            let rows: Int64
            do {
                rows = try receiveRows(row)
            } catch {
                isUsable = false
                cancellation.cancel()
                throw error
            }
            try finishCopy(rows: rows)
            return rows
        }
    }

    /// Runs several `COPY … TO STDOUT`, sent in one message: the server goes on to the next without waiting for us.
    ///
    /// `body` takes the rows of each with `next`, in the order of the statements, and must take all of them. When
    /// anything throws, the session is not usable any more.
    package func copyOut(_ statements: [String], _ body: (CopySeries) throws -> Void) throws {
        guard !statements.isEmpty else { return }
        try whileBusy {
            do {
                guard PQsendQuery(raw, statements.joined(separator: "; ")) == 1 else { throw connectionError() }
                let series = CopySeries(self)
                try body(series)
                guard series.taken == statements.count, Response(PQgetResult(raw)) == nil else {
                    throw PostgresError(message: "a COPY was left out, or another statement was among them")
                }
            } catch {
                isUsable = false
                cancellation.cancel()
                throw error
            }
        }
    }

    fileprivate func receiveRows(_ row: (RawSpan) throws -> Void) throws -> Int64 {
        var rows: Int64 = 0
        while true {
            var buffer: UnsafeMutablePointer<CChar>?
            let length = PQgetCopyData(raw, &buffer, 0)
            // -1 is the end of the COPY, which may still have failed: the result that follows decides.
            if length == -1 { return rows }
            guard length > 0, let buffer else { throw copyError() }
            defer { PQfreemem(buffer) }
            rows += 1
            try row(UnsafeRawBufferPointer(start: buffer, count: Int(length)).bytes)
        }
    }

    /// The reason for a -2: in the results where the server gave one, else in the connection.
    private func copyError() -> PostgresError {
        let last = connectionError()
        var error: PostgresError?
        while let response = Response(PQgetResult(raw)) {
            error = error ?? response.error
            if response.status == PGRES_COPY_OUT { break }
        }
        return error ?? last
    }
}

/// The COPYs of one message, one after the other; lives inside the closure of `Connection.copyOut` and nowhere else.
package final class CopySeries {
    private let connection: Connection
    fileprivate private(set) var taken = 0

    fileprivate init(_ connection: Connection) { self.connection = connection }

    /// Hands over the rows of the next COPY, as `Connection.copyOut` does for a single one.
    package func next(_ row: (RawSpan) throws -> Void) throws -> Int64 {
        if let stop = connection.stop, stop.isRequested { throw Stopped() }
        do {
            return try takeNext(row)
        } catch let error as PostgresError {
            // Here already: who explains the error to people comes before the connection does.
            if let stop = connection.stop, stop.isRequested, error.isCancelled { throw Stopped() }
            throw error
        }
    }

    private func takeNext(_ row: (RawSpan) throws -> Void) throws -> Int64 {
        let begun = try result()
        guard begun.status == PGRES_COPY_OUT else {
            throw PostgresError(message: "the statement is not the COPY it should be: \(begun.commandTag)")
        }
        let rows = try connection.receiveRows(row)
        let ended = try result()
        guard ended.status == PGRES_COMMAND_OK, let affected = ended.affectedRows, affected == rows else {
            throw PostgresError.miscounted(told: ended.affectedRows, came: rows)
        }
        taken += 1
        return rows
    }

    private func result() throws -> Response {
        guard let response = Response(PQgetResult(connection.raw)) else { throw connection.connectionError() }
        if let error = response.error { throw error }
        return response
    }
}

extension PostgresError {
    fileprivate static func miscounted(told: Int64?, came rows: Int64?) -> PostgresError {
        let told = told.map(String.init) ?? "no number of"
        return PostgresError(
            sqlState: "08P01",
            message: "the server says it copied \(told) rows, but \(rows.map(String.init) ?? "none") came through"
        )
    }
}

extension Connection {
    /// Sends a COPY and waits until the server is ready for it.
    func startCopy(_ sql: String, expecting status: ExecStatusType) throws {
        let response = try answer { PQsendQuery(raw, sql) }
        if let error = response.error { throw error }
        guard response.status == status else {
            isUsable = response.status != PGRES_COPY_IN && response.status != PGRES_COPY_OUT
            throw PostgresError(message: "the statement is not the COPY it should be: \(response.commandTag)")
        }
    }

    /// Reads the outcome of a COPY to its end and holds it against the rows that were counted.
    @discardableResult
    func finishCopy(rows: Int64?) throws -> Int64 {
        var failure: PostgresError?
        var affected: Int64?
        while let response = Response(PQgetResult(raw)) {
            if let error = response.error {
                failure = failure ?? error
            } else if response.status == PGRES_COMMAND_OK {
                affected = response.affectedRows
            }
        }
        if let failure { throw failure }
        guard PQstatus(raw) == CONNECTION_OK else { throw connectionError() }
        guard let affected, rows == nil || rows == affected else {
            isUsable = false
            throw PostgresError.miscounted(told: affected, came: rows)
        }
        return affected
    }
}
