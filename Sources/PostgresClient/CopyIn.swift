import CPQ
import Streams

/// The open end of a `COPY … FROM STDIN`.
///
/// Bytes may be cut anywhere, not only between rows. They travel in batches of 64 KiB: per-row messages cost more than
/// the rows. Lives inside the closure of `Connection.copyIn` and nowhere else.
package final class CopyIn: ByteSink {
    private let connection: Connection
    private let batch = IOBuffer(capacity: 64 << 10)
    private var filled = 0

    init(_ connection: Connection) { self.connection = connection }

    /// Takes bytes in COPY's format; they are only borrowed for the call.
    package func write(_ bytes: RawSpan) throws {
        try bytes.withUnsafeBytes { bytes in
            if filled + bytes.count > batch.storage.count { try flush() }
            guard bytes.count < batch.storage.count else { return try send(bytes) }
            UnsafeMutableRawBufferPointer(rebasing: batch.storage[filled...]).copyMemory(from: bytes)
            filled += bytes.count
        }
    }

    /// Sends what is held back; `copyIn` does it too, so calling it is only needed where a `ByteSink` is expected.
    package func finish() throws { try flush() }

    private func flush() throws {
        guard filled > 0 else { return }
        try send(batch.prefix(filled))
        filled = 0
    }

    /// One message carries at most 2 GiB; a megabyte keeps libpq's own buffer small.
    private func send(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            if let stop = connection.stop, stop.isRequested { throw Stopped() }
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 20))
            let pointer = part.bindMemory(to: CChar.self).baseAddress
            guard PQputCopyData(connection.raw, pointer, Int32(part.count)) == 1 else {
                throw connection.connectionError()
            }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(part.count))
        }
    }
}

extension Connection {
    /// Runs a `COPY … FROM STDIN` with what `body` writes and returns the rows the server says it took.
    ///
    /// When `body` throws, the COPY is ended with a failure, the server keeps nothing, and the error is rethrown; the
    /// session stays usable, but its transaction has failed. A row the server refuses is reported when `body` is done.
    package func copyIn(_ sql: String, _ body: (CopyIn) throws -> Void) throws -> Int64 {
        try whileBusy {
            try startCopy(sql, expecting: PGRES_COPY_IN)
            let input = CopyIn(self)
            do {
                try body(input)
                try input.finish()
            } catch {
                let lastWords = abandonCopy()
                // A broken send says only that the line is dead; what the server said before tells why.
                if let lost = error as? PostgresError, lost.isConnectionLost { throw lastWords ?? lost }
                throw error
            }
            guard PQputCopyEnd(raw, nil) == 1 else {
                isUsable = false
                throw connectionError()
            }
            return try finishCopy(rows: nil)
        }
    }

    /// Ends the COPY with a failure; returns the server's own error if the connection is lost with it.
    private func abandonCopy() -> PostgresError? {
        _ = PQputCopyEnd(raw, "the client gave up")
        var lastWords: PostgresError?
        while let response = Response(PQgetResult(raw)) {
            lastWords = lastWords ?? response.error
            if response.status == PGRES_COPY_IN { break }
        }
        guard PQstatus(raw) == CONNECTION_OK, !isInCopy else {
            isUsable = false
            return lastWords
        }
        return nil
    }

    private var isInCopy: Bool { PQtransactionStatus(raw) == PQTRANS_ACTIVE }
}
