import Diagnostics
import Model
import PostgresClient

/// Puts sequences where they stood, and never back.
struct SequenceLoader {
    let connection: Connection

    /// Sets every sequence in batches; a sequence that already stands further keeps its place.
    func load(_ sequences: [SequenceState]) throws {
        var rest = sequences[...]
        while !rest.isEmpty {
            let batch = rest.prefix(200)
            rest = rest.dropFirst(200)
            let statements = try batch.map(statement)
            do {
                try connection.execute(statements.joined(separator: ";\n"))
            } catch let error as PostgresError {
                throw error.diagnostic(while: "cannot set the sequences")
            }
        }
    }

    /// `setval` unless the sequence is already beyond; the direction is the sign of its increment.
    private func statement(_ state: SequenceState) throws -> String {
        let name = try connection.quoteIdentifier(state.schema) + "." + connection.quoteIdentifier(state.name)
        let literal = try connection.quoteLiteral(name)
        return """
            SELECT pg_catalog.setval(\(literal)::pg_catalog.regclass, \(state.lastValue), \(state.isCalled))
            FROM \(name) AS now, pg_catalog.pg_sequence AS s
            WHERE s.seqrelid = \(literal)::pg_catalog.regclass
              AND NOT (now.is_called AND (now.last_value - (\(state.lastValue))) * sign(s.seqincrement) > 0)
            """
    }
}
