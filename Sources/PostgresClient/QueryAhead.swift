import Streams

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

    private struct State {
        /// Answers that nobody has taken.
        var answers: [String: Answer] = [:]
        /// How many threads wait for an answer.
        var waiting = 0
        var isUnwanted = false
        var hasEnded = false
    }

    /// Answers that may lie here untaken: each is held in memory by libpq.
    private static let depth = 2

    private let queries: Set<String>
    private let state = Monitor(State())

    /// Begins to ask, in this order.
    package init(_ queries: [String], in session: @escaping SecondSession) {
        self.queries = Set(queries)
        startDedicatedThread { [self] in
            try? session { connection in try ask(queries, on: connection) }
            state.change { $0.hasEnded = true }
        }
    }

    /// The answer, waited for; nil when the query is none of these or had no answer.
    package func rows(of query: String) -> Rows? {
        guard queries.contains(query) else { return nil }
        state.change { $0.waiting += 1 }
        return state.when({ $0.answers[query] != nil || $0.hasEnded }) { state in
            state.waiting -= 1
            // Taken out, so that the memory goes with whoever reads it.
            return state.answers.removeValue(forKey: query)?.rows
        }
    }

    /// Asks nothing more and returns when the second session is closed.
    package func end() {
        state.change { $0.isUnwanted = true }
        state.when({ $0.hasEnded }) { _ in }
    }

    private func ask(_ queries: [String], on connection: Connection) throws {
        for query in queries {
            let isUnwanted = state.when({ $0.isUnwanted || $0.waiting > 0 || $0.answers.count < Self.depth }) {
                $0.isUnwanted
            }
            if isUnwanted { return }
            let rows = try connection.query(query)
            state.change { $0.answers[query] = Answer(rows: rows) }
        }
    }
}
