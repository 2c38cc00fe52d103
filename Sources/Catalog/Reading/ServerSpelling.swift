import Diagnostics
package import PostgresClient

/// Settles which definitions differ in their spelling only.
///
/// A server tells a definition in its own words: PostgreSQL 16 leaves out table names that 15 wrote, and any version may
/// read back `ANY (ARRAY['a']::text[])` otherwise than it was told. So each object whose definition differs is made once
/// more on the copy's server from the first catalog's statements, in a transaction that is rolled back, and read again.
/// When that reads like the object that is there, both are one definition. Whatever cannot be made again stays a
/// difference: a doubt is never settled.
///
/// Belongs to the connection's thread and blocks on it. It must be a scratch copy: tables are locked, and renamed until
/// the end of the transaction.
package struct ServerSpelling {
    private let connection: Connection
    private let first: [ObjectIdentity: CatalogObject]
    private let copy: [ObjectIdentity: CatalogObject]

    /// `first` is the catalog that was restored, `copy` what the server of `connection` says of the result.
    package init(_ connection: Connection, first: DatabaseCatalog, copy: DatabaseCatalog) {
        self.connection = connection
        self.first = Dictionary(first.objects.map { ($0.identity, $0) }) { first, _ in first }
        self.copy = Dictionary(copy.objects.map { ($0.identity, $0) }) { first, _ in first }
    }

    /// The difference without what was settled.
    package func settled(_ difference: CatalogDifference) throws -> CatalogDifference {
        var waiting = difference.objects.map(\.object).filter(isCandidate)
        var settled: Set<ObjectIdentity> = []
        while !waiting.isEmpty {
            let round = nextRound(&waiting)
            settled.formUnion(try settle(round))
        }
        var result = difference
        result.objects = difference.objects.compactMap { object in
            guard settled.contains(object.object), case .changed(let fields) = object.change else { return object }
            let rest = fields.filter { $0.field != "definition" }
            return rest.isEmpty ? nil : ObjectDifference(object: object.object, change: .changed(rest))
        }
        return result
    }

    private func isCandidate(_ identity: ObjectIdentity) -> Bool {
        guard let before = first[identity], let after = copy[identity] else { return false }
        return before.stages.contains { $0.isDefinition } && after.stages.contains { $0.isDefinition }
            && before.otherStatements == after.otherStatements
            && before.definitionStatements != after.definitionStatements
    }

    /// What can be made again without getting into each other's way: everything that is replaced in place at once, and
    /// at most one object of each table otherwise.
    private func nextRound(_ waiting: inout [ObjectIdentity]) -> [ObjectIdentity] {
        let inPlace = waiting.filter { $0.kind.isReplacedInPlace }
        if !inPlace.isEmpty {
            waiting.removeAll { $0.kind.isReplacedInPlace }
            return inPlace
        }
        var tables: Set<String> = []
        let round = waiting.filter { tables.insert("\($0.schema ?? "").\($0.parent ?? $0.name)").inserted }
        waiting.removeAll { round.contains($0) }
        return round
    }

    /// The objects of a round that read the same when they are made again.
    private func settle(_ round: [ObjectIdentity]) throws -> Set<ObjectIdentity> {
        try connection.execute("BEGIN")
        defer { connection.rollBack() }
        // They would run for what is done here, as whoever does it.
        for trigger in copy.values where trigger.identity.kind == .eventTrigger {
            try connection.execute("ALTER EVENT TRIGGER \(trigger.reference) DISABLE")
        }
        var made: [ObjectIdentity] = []
        for (number, identity) in round.enumerated() {
            guard let statements = first[identity].flatMap({ Remaking($0, number: number).statements }) else {
                continue
            }
            try connection.execute("SAVEPOINT remaking")
            do {
                for statement in statements { try connection.execute(statement) }
                made.append(identity)
            } catch let error as PostgresError where !error.isConnectionLost && !error.isCancelled {
                try connection.execute("ROLLBACK TO SAVEPOINT remaking")
            }
        }
        if made.isEmpty { return [] }
        // What was moved out of the way may look like nothing the reader knows; then nothing is settled.
        guard let again = try? CatalogReader(connection).read() else { return [] }
        let objects = Dictionary(again.objects.map { ($0.identity, $0) }) { first, _ in first }
        return Set(made.filter { objects[$0]?.definitionStatements == copy[$0]?.definitionStatements })
    }
}

extension Stage {
    /// Whether it says what the object is, and not what it is attached to or when it is filled.
    fileprivate var isDefinition: Bool {
        [.create, .complete, .constraint, .columnDefault].contains(purpose) && !statements.isEmpty
    }
}

extension CatalogObject {
    fileprivate var definitionStatements: [String] { stages.filter(\.isDefinition).flatMap(\.statements) }
    fileprivate var otherStatements: [String] { stages.filter { !$0.isDefinition }.flatMap(\.statements) }
}

extension ObjectKind {
    fileprivate var isReplacedInPlace: Bool { [.view, .function, .procedure, .rule, .policy].contains(self) }
}

/// The statements that make an object once more beside the one that is there.
private struct Remaking {
    private let object: CatalogObject
    private let spare: String

    init(_ object: CatalogObject, number: Int) {
        self.object = object
        spare = quoted("lifeboat spare \(number)")
    }

    /// Nil for what nobody tells in other words, and for what cannot be defined without calling functions.
    var statements: [String]? {
        let definition = object.definitionStatements
        let identity = object.identity
        switch identity.kind {
        case .view: return definition.filter { $0.hasPrefix("CREATE OR REPLACE VIEW") }
        case .function, .procedure: return definition
        case .rule:
            return definition.map { $0.hasPrefix("CREATE RULE") ? "CREATE OR REPLACE" + $0.dropFirst(6) : $0 }
        case .policy: return ["DROP POLICY \(object.reference)"] + definition
        case .table, .foreignTable, .materializedView, .domain:
            // The server simplifies such expressions at once, and calls the source's functions for it.
            guard
                !definition.contains(where: { $0.contains(" GENERATED ALWAYS AS (") || $0.contains("\nPARTITION BY ") })
            else { return nil }
            return ["ALTER \(identity.kind.keyword) \(object.reference) RENAME TO \(spare)"] + definition
        default: return nil
        }
    }
}
