import Diagnostics
import Model
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
    /// Whether the first catalog's server knew names of NOT NULL, which the copy must have too.
    private let namesNotNull: Bool

    /// `first` is the catalog that was restored, `copy` what the server of `connection` says of the result.
    package init(_ connection: Connection, first: DatabaseCatalog, copy: DatabaseCatalog) {
        self.connection = connection
        namesNotNull = first.serverMajor >= 18
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
        return Remaking.isCandidate(before, after) && (!namesNotNull || before.namesOfNotNull == after.namesOfNotNull)
    }

    /// What can be made again without getting into each other's way: everything that is replaced in place at once, and
    /// otherwise at most one object of each table, and none that another one reads.
    private func nextRound(_ waiting: inout [ObjectIdentity]) -> [ObjectIdentity] {
        let inPlace = waiting.filter { $0.kind.isReplacedInPlace }
        if !inPlace.isEmpty {
            waiting.removeAll { $0.kind.isReplacedInPlace }
            return inPlace
        }
        var round: Set<ObjectIdentity> = []
        var places: Set<[Spelling?]> = []
        var needed: Set<ObjectIdentity> = []
        for identity in waiting {
            let place = [identity.schema, identity.parent ?? identity.name].map { $0.map(Spelling.init) }
            let needs = first[identity]?.stages.flatMap(\.dependencies).map(\.object) ?? []
            if needed.contains(identity) || !round.isDisjoint(with: needs) || !places.insert(place).inserted {
                continue
            }
            round.insert(identity)
            needed.formUnion(needs)
        }
        waiting.removeAll { round.contains($0) }
        return round.sorted()
    }

    /// The objects of a round that read the same when they are made again.
    private func settle(_ round: [ObjectIdentity]) throws -> Set<ObjectIdentity> {
        try connection.execute("BEGIN")
        defer { connection.rollBack() }
        // They would run for what is done here, as whoever does it.
        for trigger in copy.values where trigger.identity.kind == .eventTrigger {
            try connection.execute("ALTER EVENT TRIGGER \(trigger.reference) DISABLE")
        }
        for statement in Remaking.preparation { try connection.execute(statement) }
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
        // What is beside it for now has taken the names that the server would choose for NOT NULL.
        func told(_ object: CatalogObject?) -> [String]? { object?.withoutNamesOfNotNull.remadeStatements }
        return Set(made.filter { told(objects[$0]) == told(copy[$0]) })
    }
}
