import CPQ
package import Streams

/// A session with one PostgreSQL server.
///
/// Thread-confined: created, used and dropped on one thread, every call blocks it. Only `cancellation` may leave. The
/// session is closed when the object goes. Strings are UTF-8 on both sides (`client_encoding`), until the caller says
/// otherwise with SET.
package final class Connection {
    let raw: OpaquePointer
    let stop: Stop?
    private let collected = Notices()
    private let validatesText: Bool

    /// Cancels the running statement from another thread.
    package let cancellation: Cancellation
    /// The version the server states.
    package let serverVersion: ServerVersion
    /// False once a COPY was broken off or the server went away: nothing more can be asked then.
    package internal(set) var isUsable = true

    /// Connects; throws `PostgresError`.
    ///
    /// When `stop` is requested, the statement that runs is cancelled and every call throws `Stopped`.
    package init(_ settings: ConnectionSettings, stop: Stop? = nil) throws {
        if let stop, stop.isRequested { throw Stopped() }
        let raw = withKeywordArrays(settings.connectKeywords) { keywords, values in
            PQconnectdbParams(keywords, values, 0)
        }
        guard let raw else { throw PostgresError(message: "out of memory", phase: .connecting) }
        guard PQstatus(raw) == CONNECTION_OK else {
            let message = tidied(String(cString: PQerrorMessage(raw)))
            PQfinish(raw)
            throw PostgresError(message: message, phase: .connecting)
        }
        self.raw = raw
        self.stop = stop
        cancellation = Cancellation(connection: raw)
        serverVersion = ServerVersion(number: Int(PQserverVersion(raw)))
        // Every other server encoding is converted, and thereby checked, by the server.
        validatesText = PQparameterStatus(raw, "server_encoding").map { String(cString: $0) } == "SQL_ASCII"
        collected.listen(to: raw)
        stop?.whenRequested { [weak cancellation] in cancellation?.cancelUntilIdle() }
    }

    deinit {
        cancellation.invalidate()
        PQfinish(raw)
    }

    /// What the server said on the side, oldest first, the last hundred.
    package var notices: [Notice] { collected.all }

    /// Forgets the notices so far.
    package func forgetNotices() { collected.removeAll() }

    /// The server process that serves this session, as `pg_stat_activity` shows it.
    package var backendProcess: Int32 { PQbackendPID(raw) }

    /// A setting that the server reports without being asked, such as `server_encoding` or `TimeZone`.
    package func reportedSetting(_ name: String) -> String? {
        PQparameterStatus(raw, name).map { String(cString: $0) }
    }

    /// Whether the session is inside a transaction, failed or not.
    package var isInTransaction: Bool {
        let status = PQtransactionStatus(raw)
        return status == PQTRANS_INTRANS || status == PQTRANS_INERROR
    }

    /// Runs one statement and holds its whole answer in memory; parameters are `$1`, `$2`, … as text.
    @discardableResult
    package func query(_ sql: String, _ parameters: [String?] = []) throws -> Rows {
        try refuseZeroBytes([sql] + parameters)
        return try whileBusy {
            let response = try checked(
                answer {
                    withParameterArray(parameters) { count, values in
                        PQsendQueryParams(raw, sql, count, nil, values, nil, nil, 0)
                    }
                }
            )
            try validate(response)
            return Rows(response)
        }
    }

    /// Runs one statement and hands its rows over one by one, so that memory does not grow with the answer.
    ///
    /// When `body` throws, the statement is cancelled, the rest is thrown away and the session stays usable (but its
    /// transaction has failed). Nothing else may be asked on this connection inside `body`.
    package func forEachRow(
        _ sql: String,
        _ parameters: [String?] = [],
        body: (Row) throws -> Void
    ) throws {
        try refuseZeroBytes([sql] + parameters)
        try whileBusy {
            let sent = withParameterArray(parameters) { count, values in
                PQsendQueryParams(raw, sql, count, nil, values, nil, nil, 0)
            }
            guard sent == 1, PQsetSingleRowMode(raw) == 1 else { throw connectionError() }
            do {
                try deliverRows(to: body)
            } catch {
                cancellation.cancel()
                drain()
                throw error
            }
        }
    }

    private func deliverRows(to body: (Row) throws -> Void) throws {
        var columns: Columns?
        while let response = Response(PQgetResult(raw)) {
            _ = try checked(response)
            guard response.status == PGRES_SINGLE_TUPLE else { continue }
            try validate(response)
            let layout = columns ?? Columns(response.columnNames)
            columns = layout
            try body(Row(response: response, columns: layout, index: 0))
        }
    }

    /// Runs one or more statements and throws their answers away; the first failure ends them.
    package func execute(_ sql: String) throws {
        try refuseZeroBytes([sql])
        try whileBusy { _ = try checked(answer { PQsendQuery(raw, sql) }) }
    }

    /// Runs `body` between `begin` and COMMIT, or rolls back and rethrows when it fails.
    package func withTransaction<Result>(
        _ begin: String = "BEGIN",
        _ body: () throws -> Result
    ) throws -> Result {
        try execute(begin)
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            rollBack()
            throw error
        }
    }

    /// Runs questions of ours in a read-only transaction that finds nothing but what is in `pg_catalog`.
    ///
    /// The search path of a database may lead to operators and functions that somebody else wrote, and a plain `=` would
    /// call them with this session's rights. Whatever is asked outside of a transaction with a path of its own is asked in
    /// here, unless no operator and no unqualified name is in it. The path goes with the transaction, so that a pooler
    /// hands it to nobody else.
    package func trustingCatalogOnly<Result>(_ body: () throws -> Result) throws -> Result {
        try withTransaction("BEGIN READ ONLY; SET LOCAL search_path = ''", body)
    }

    /// Rolls back whatever is open; a failure to do so ends the session's usefulness, and the server rolls back itself.
    package func rollBack() {
        guard isUsable, PQtransactionStatus(raw) != PQTRANS_IDLE else { return }
        // Not through `execute`: a requested stop must not keep the rollback from the server.
        guard let response = Response(PQexec(raw, "ROLLBACK")), response.error == nil else {
            isUsable = false
            return
        }
    }

    /// Quotes a name as this session's server reads it, always in quotes.
    package func quoteIdentifier(_ name: String) throws -> String {
        try refuseZeroBytes([name])
        return try quote(name, PQescapeIdentifier)
    }

    /// Quotes text as a literal, as this session's server reads it.
    package func quoteLiteral(_ text: String) throws -> String {
        try refuseZeroBytes([text])
        return try quote(text, PQescapeLiteral)
    }

    private func quote(
        _ text: String,
        _ escape: (OpaquePointer, UnsafePointer<CChar>, Int) -> UnsafeMutablePointer<CChar>?
    ) throws -> String {
        guard let quoted = text.withCString({ escape(raw, $0, text.utf8.count) }) else { throw connectionError() }
        defer { PQfreemem(quoted) }
        return String(cString: quoted)
    }
}

// MARK: What every call goes through

extension Connection {
    /// Marks the session as busy for the canceller, and turns the failure of a stopped statement into `Stopped`.
    func whileBusy<Result>(_ body: () throws -> Result) throws -> Result {
        if let stop, stop.isRequested { throw Stopped() }
        guard isUsable else {
            throw PostgresError(sqlState: "08003", message: "the connection was given up after an earlier failure")
        }
        cancellation.setBusy(true)
        defer { cancellation.setBusy(false) }
        // A stop that came between the check above and `setBusy` found nothing to cancel.
        if let stop, stop.isRequested { throw Stopped() }
        do {
            return try body()
        } catch let error as PostgresError {
            if PQstatus(raw) != CONNECTION_OK { isUsable = false }
            if let stop, stop.isRequested, error.isCancelled || cancellation.hasHungUp { throw Stopped() }
            throw error
        }
    }

    /// Does `body`, whose statements must all be answered within `patience`.
    ///
    /// Hangs up otherwise, and throws that there is no room: a pooler lets a session wait for ever, without a word.
    package func answered<Result>(within patience: Duration, _ body: () throws -> Result) throws -> Result {
        let watch = Stop()
        watch.whenRequested { [weak cancellation] in cancellation?.hangUp() }
        watch.limit(to: patience) { Stopped() }
        let result = Swift.Result { try body() }
        // An answer that came as the time ended is none: the connection may be hung up under the next statement.
        guard watch.liftLimit() else { return try result.get() }
        if case .failure(let error) = result, (error as? PostgresError)?.isConnectionLost != true { throw error }
        throw PostgresError(message: "\(PostgresError.noAnswer) \(patience.components.seconds) s")
    }

    /// Sends what `send` sends and waits for the answers: the first error, or else the last of them.
    ///
    /// `PQexec` returns the last in any case: of a server that says why it goes away, only that it went away.
    func answer(_ send: () -> Int32) throws -> Response {
        guard send() == 1 else { throw connectionError() }
        var answer: Response?
        while let response = Response(PQgetResult(raw)) {
            if answer?.error == nil { answer = response }
            switch response.status {
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: return response
            default: break
            }
        }
        guard let answer else { throw connectionError() }
        return answer
    }

    /// The response if it is no error; a COPY that nobody asked for makes the session unusable.
    func checked(_ response: Response?) throws -> Response {
        guard let response else { throw connectionError() }
        if let error = response.error { throw error }
        switch response.status {
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            isUsable = false
            throw PostgresError(message: "the statement starts a COPY, which needs copyIn or copyOut")
        default: return response
        }
    }

    /// libpq's last words about this connection.
    func connectionError() -> PostgresError {
        let message = tidied(String(cString: PQerrorMessage(raw)))
        let lost = PQstatus(raw) != CONNECTION_OK
        return PostgresError(
            sqlState: lost ? "08006" : nil,
            message: message.isEmpty ? "libpq gave no reason" : message
        )
    }

    /// Throws away what is left of the current statement.
    func drain() {
        while Response(PQgetResult(raw)) != nil {}
    }

    private func validate(_ response: Response) throws {
        guard validatesText else { return }
        for row in 0..<response.rowCount {
            for column in 0..<Int(PQnfields(response.raw)) {
                guard let bytes = response.bytes(row: row, column: column) else { continue }
                guard String(validating: bytes, as: UTF8.self) == nil else { continue }
                throw PostgresError(
                    sqlState: "22021",
                    message: "the database is SQL_ASCII and returned text that is not UTF-8"
                )
            }
        }
    }
}

/// libpq reads C strings: a zero character would end the text early and silently.
private func refuseZeroBytes(_ texts: [String?]) throws {
    for text in texts {
        if let text, text.utf8.contains(0) {
            throw PostgresError(sqlState: "22021", message: "the text contains a zero character")
        }
    }
}
