import Streams

/// Runs `body` with a session that sees the same snapshot, and ends that session; may throw when there is none to be had.
package typealias SecondSession = @Sendable (_ body: (Connection) throws -> Void) throws -> Void

/// A query, and how much room its answer takes until somebody wants it.
package struct QuestionAhead: Sendable, Hashable {
    package enum Size: Sendable {
        /// Many rows, which libpq holds.
        case long
        /// A few rows.
        case short
        /// Numbers only, however many: read off at once.
        case numbers
    }

    package var sql: String
    package var size: Size

    package init(_ sql: String, _ size: Size = .long) {
        self.sql = sql
        self.size = size
    }
}

/// Puts long questions in a second session, while the first is busy with others.
///
/// An answer that cannot be had here is simply not there: whoever needs it asks again in the first session, and hears
/// the reason there. Any thread may wait; the second session lives on a thread of its own.
package final class QueryAhead: Sendable {
    /// `@unchecked Sendable`: a complete answer that the asking thread has let go of before it opens the gate.
    private enum Answer: @unchecked Sendable {
        case rows(Rows, isLong: Bool)
        case numbers(NumberRows)

        var isLong: Bool { if case .rows(_, true) = self { true } else { false } }
    }

    private struct State {
        /// Answers that nobody has taken.
        var answers: [String: Answer] = [:]
        /// How many threads wait for an answer.
        var waiting = 0
        var isUnwanted = false
        var hasEnded = false
    }

    /// Long answers that may lie here untaken: each is held in memory by libpq.
    private static let depth = 2

    private let queries: Set<String>
    private let state = Monitor(State())

    /// Begins to ask, in this order.
    package init(_ questions: [QuestionAhead], in session: @escaping SecondSession) {
        queries = Set(questions.map(\.sql))
        startDedicatedThread { [self] in
            try? session { connection in try ask(questions, on: connection) }
            state.change { $0.hasEnded = true }
        }
    }

    /// The answer, waited for; nil when the query is none of these or had no answer.
    package func rows(of query: String) -> Rows? {
        if case .rows(let rows, _)? = take(query) { rows } else { nil }
    }

    /// The same for a question of size `numbers`.
    package func numbers(of query: String) -> NumberRows? {
        if case .numbers(let numbers)? = take(query) { numbers } else { nil }
    }

    private func take(_ query: String) -> Answer? {
        guard queries.contains(query) else { return nil }
        state.change { $0.waiting += 1 }
        return state.when({ $0.answers[query] != nil || $0.hasEnded }) { state in
            state.waiting -= 1
            // Taken out, so that the memory goes with whoever reads it.
            return state.answers.removeValue(forKey: query)
        }
    }

    /// Asks nothing more and returns when the second session is closed.
    package func end() {
        state.change { $0.isUnwanted = true }
        state.when({ $0.hasEnded }) { _ in }
    }

    private func ask(_ questions: [QuestionAhead], on connection: Connection) throws {
        for question in questions {
            let isUnwanted = state.when({ state in
                state.isUnwanted || state.waiting > 0 || question.size != .long
                    || state.answers.values.count(where: \.isLong) < Self.depth
            }) { $0.isUnwanted }
            if isUnwanted { return }
            let rows = try connection.query(question.sql)
            let answer: Answer =
                question.size == .numbers ? .numbers(NumberRows(rows)) : .rows(rows, isLong: question.size == .long)
            state.change { $0.answers[question.sql] = answer }
        }
    }
}
