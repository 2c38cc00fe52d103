import Catalog
import Diagnostics
import PostgresClient
import Streams

/// What was made, loaded and built, and what the target refused of it: the rest goes on.
struct BuiltParts: Sendable {
    var statements = 0
    /// Conditions that hold for new rows only, each with what the server said.
    var unvalidated: [ObjectIdentity: String] = [:]
    /// What is not there, or not as it should be, each with what the server said.
    var refused: [ObjectIdentity: String] = [:]
    /// What is there and lacks something, such as its place under another table, each with what the server said.
    var incomplete: [ObjectIdentity: String] = [:]
    /// Tables that are empty because the target refused their rows, each with what it said.
    var unloaded: [ObjectIdentity: String] = [:]
    /// Generated columns whose values are not what their functions say, by table and name, each with what is wrong.
    var differing: [ObjectIdentity: [String: String]] = [:]
    /// Tables that were loaded again where that was needed: what was said of them before counts no more.
    var settled: Set<ObjectIdentity> = []
    /// Settings that the target cannot have, by what they are of and the statement.
    var unset: [ObjectIdentity: [String: String]] = [:]
    /// Tables on which no statistics could be gathered, with the reason.
    var withoutStatistics: [ObjectIdentity: String] = [:]

    mutating func add(_ other: BuiltParts) {
        statements += other.statements
        for table in other.settled { unloaded[table] = nil }
        unloaded.merge(other.unloaded) { first, _ in first }
        differing.merge(other.differing) { first, _ in first }
        unvalidated.merge(other.unvalidated) { first, _ in first }
        refused.merge(other.refused) { first, _ in first }
        incomplete.merge(other.incomplete) { first, _ in first }
        unset.merge(other.unset) { $0.merging($1) { first, _ in first } }
        withoutStatistics.merge(other.withoutStatistics) { first, _ in first }
    }
}

extension RestoreStep {
    /// What it means that the target refused some of the step's statements.
    func refused(_ statements: [String], _ reason: String) -> BuiltParts {
        guard settings != nil else { return BuiltParts(refused: [object: reason]) }
        return BuiltParts(unset: [object: Dictionary(statements.map { ($0, reason) }) { first, _ in first }])
    }
}

extension SchemaBuilder {
    /// How often steps are done again when the server ended them because they and others waited for each other: a
    /// condition on a table goes to its heirs, which another session may be building on.
    private static let tries = 5

    /// Runs steps in a transaction of their own, or, when the target refuses one, each in its own.
    ///
    /// A condition that the rows do not meet, or that cannot be asked here (a function that looks for a table without its
    /// schema), is one that the source's rows have got past too. It is made for new rows only, and every row stays.
    func build(_ steps: [RestoreStep], on connection: Connection) throws -> BuiltParts {
        do {
            return BuiltParts(statements: try patiently { try run(steps, on: connection) })
        } catch let error as Diagnostic where error.isDeadlock || Self.isRefusal(error) {
            guard steps.count == 1 else {
                return try steps.reduce(into: BuiltParts()) { $0.add(try build([$1], on: connection)) }
            }
            guard !error.isDeadlock else { throw error }
            if let settings = steps[0].settings, settings.count > 1 {
                return try settings.reduce(into: BuiltParts()) { $0.add(try build([$1], on: connection)) }
            }
            let reason = (error.cause ?? error.summary).onOneLine
            if let step = steps[0].forNewRowsOnly {
                do {
                    let done = try patiently { try run([step], on: connection) }
                    return BuiltParts(statements: done, unvalidated: [step.object: reason])
                } catch let error as Diagnostic where Self.isObjectsOwn(error) {}
            }
            return steps[0].refused(steps[0].statements, reason)
        }
    }

    /// Runs steps in their order on a connection of their own, when every row is there.
    func buildInOrder(_ steps: [RestoreStep], stop: Stop) throws -> BuiltParts {
        guard !steps.isEmpty else { return BuiltParts() }
        let connection = try RestoreSession.openForDefinitions(target, stop: stop)
        return try stride(from: 0, to: steps.count, by: Self.batch).reduce(into: BuiltParts()) { parts, start in
            parts.add(try build(Array(steps[start..<min(start + Self.batch, steps.count)]), on: connection))
        }
    }

    /// Whether the target refused a definition, for reasons of its own and not for want of a right.
    static func isRefusal(_ error: Diagnostic) -> Bool {
        isObjectsOwn(error) && error.code == .restoreStatement
    }

    /// Does again what the server ended in a deadlock.
    func patiently(_ body: () throws -> Int) throws -> Int {
        var attempt = 1
        while true {
            do { return try body() } catch let error as Diagnostic {
                guard error.isDeadlock, attempt < Self.tries else { throw error }
                attempt += 1
            }
        }
    }
}

extension PostgresError {
    /// The error of a statement that belongs to the restore itself.
    func ofStatement(while summary: String) -> Diagnostic {
        var failure = diagnostic(while: summary)
        if failure.code == .databaseQuery { failure.code = .restoreStatement }
        return failure
    }
}

extension Diagnostic {
    /// Whether the server ended a statement because it and others waited for each other.
    var isDeadlock: Bool { context["sqlstate"] == "40P01" }
}
