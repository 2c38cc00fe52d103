import Streams
import Synchronization

/// Runs `body` with a session that sees the same snapshot, and ends that session; may throw when there is none to be had.
package typealias SecondSession = @Sendable (_ body: (Connection) throws -> Void) throws -> Void

/// Puts long questions in a second session, while the first is busy with others.
///
/// An answer that cannot be had here is simply not there: whoever needs it asks again in the first session, and hears
/// the reason there. Any thread may wait; the second session lives on a thread of its own.
package final class QueryAhead: Sendable {
    /// `@unchecked Sendable`: a complete answer that the asking thread has let go of before it opens the gate.
    private struct Answer: @unchecked Sendable {
        var rows: Rows
    }

    private final class Place: Sendable {
        let gate = Latch(count: 1)
        let answer = Mutex<Answer?>(nil)
    }

    private let places: [String: Place]
    private let isUnwanted = Mutex(false)
    private let ended = Latch(count: 1)

    /// Begins to ask, in this order.
    package init(_ queries: [String], in session: @escaping SecondSession) {
        let places = Dictionary(queries.map { ($0, Place()) }, uniquingKeysWith: { first, _ in first })
        self.places = places
        startDedicatedThread { [self] in
            try? session { connection in try ask(queries, on: connection) }
            for place in places.values { place.gate.arrive() }
            ended.arrive()
        }
    }

    /// The answer, waited for; nil when the query is none of these or had no answer.
    package func rows(of query: String) -> Rows? {
        guard let place = places[query] else { return nil }
        place.gate.wait()
        // Taken out, so that the memory goes with whoever reads it.
        return place.answer.withLock { answer in
            defer { answer = nil }
            return answer?.rows
        }
    }

    /// Asks nothing more and returns when the second session is closed.
    package func end() {
        isUnwanted.withLock { $0 = true }
        ended.wait()
    }

    private func ask(_ queries: [String], on connection: Connection) throws {
        for query in queries {
            if isUnwanted.withLock({ $0 }) { return }
            let rows = try connection.query(query)
            guard let place = places[query] else { continue }
            place.answer.withLock { $0 = Answer(rows: rows) }
            place.gate.arrive()
        }
    }
}
