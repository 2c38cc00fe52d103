import Catalog
import PostgresClient
import TestSupport
import Testing

@Suite("a copy that lost something is not taken for the original")
struct MutationTests {
    @Test("dropping one object of any kind is named", arguments: PostgresMajor.allCases)
    func droppedObject(major: PostgresMajor) throws {
        try withMutant(major) { mutant in
            for kind in Set(mutant.original.objects.map(\.identity.kind)) where ![.role, .database].contains(kind) {
                let candidates = mutant.original.objects(of: kind).filter {
                    $0.owner != nil || !$0.stages[0].statements.isEmpty
                }
                var dropped = 0
                for object in candidates.prefix(2) {
                    guard let difference = try mutant.difference(after: drop(object)) else { continue }
                    dropped += 1
                    #expect(difference.objects.contains { $0.object == object.identity }, "\(drop(object))")
                }
                #expect(dropped > 0, "no \(kind) could be dropped")
            }
        }
    }

    @Test("a comment that is gone is named, for every kind that has one", arguments: PostgresMajor.allCases)
    func droppedComment(major: PostgresMajor) throws {
        try withMutant(major) { mutant in
            var kinds: Set<ObjectKind> = []
            for object in mutant.original.objects where object.identity.kind != .role {
                guard let remark = object.remarks.first, kinds.insert(object.identity.kind).inserted else { continue }
                let difference = try mutant.difference(after: "COMMENT ON \(remark.target) IS NULL")
                #expect(difference?.objects.map(\.object) == [object.identity], "\(object.identity)")
            }
            #expect(kinds.count > 25)
        }
    }

    @Test("a grant that is gone is named, for every kind that has one", arguments: PostgresMajor.allCases)
    func droppedGrant(major: PostgresMajor) throws {
        try withMutant(major) { mutant in
            var kinds: Set<ObjectKind> = []
            for object in mutant.original.objects {
                guard let grant = object.privilegeStatements.last(where: { $0.hasPrefix("GRANT") }),
                    !kinds.contains(object.identity.kind), let receiver = grant.firstRange(of: " TO ")
                else { continue }
                kinds.insert(object.identity.kind)
                let option = grant.replacing(" WITH GRANT OPTION", with: "")
                let revoke =
                    "REVOKE" + option[..<receiver.lowerBound].dropFirst("GRANT".count) + " FROM "
                    + option[receiver.upperBound...] + " CASCADE"
                let difference = try mutant.difference(after: revoke)
                #expect(difference?.objects.contains { $0.object == object.identity } == true, "\(revoke)")
            }
            #expect(kinds.count > 10)
        }
    }

    @Test("another owner is named, for every kind that has one", arguments: PostgresMajor.allCases)
    func changedOwner(major: PostgresMajor) throws {
        try withMutant(major) { mutant in
            var kinds: Set<ObjectKind> = []
            for object in mutant.original.objects where object.identity.kind != .database {
                guard let statement = object.ownerStatement, let owner = object.owner,
                    !kinds.contains(object.identity.kind), let word = statement.firstRange(of: " OWNER TO ")
                else { continue }
                let other = owner == "corpus_admin" ? "postgres" : "corpus_admin"
                guard let difference = try mutant.difference(after: statement[..<word.upperBound] + other) else {
                    continue
                }
                kinds.insert(object.identity.kind)
                #expect(difference.objects.contains { $0.object == object.identity }, "\(object.identity)")
            }
            #expect(kinds.count > 18)
        }
    }

    @Test("a changed default, a disabled trigger, a widened policy are named")
    func changedDetails() throws {
        let changes = [
            "ALTER TABLE shop.orders ALTER state SET DEFAULT 'paid'",
            "ALTER TABLE shop.orders ENABLE TRIGGER off",
            "ALTER POLICY own ON shop.orders USING (true)",
            "ALTER TABLE shop.orders NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE shop.orders ALTER total SET STATISTICS 10",
            "ALTER SEQUENCE shop.numbers INCREMENT 4",
            "ALTER TABLE shop.customer SET WITHOUT CLUSTER",
            "ALTER INDEX shop.orders_expression SET (fillfactor = 61)",
            "ALTER VIEW shop.open_orders RESET (security_barrier)",
            "ALTER FUNCTION shop.area(integer, integer, integer[]) SET work_mem = '2MB'",
            "ALTER TABLE family.child NO INHERIT family.other",
            "ALTER TABLE family.events DETACH PARTITION family.events_old",
            "ALTER DEFAULT PRIVILEGES FOR ROLE corpus_owner IN SCHEMA shop REVOKE SELECT ON TABLES FROM corpus_reader",
            "GRANT EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) TO PUBLIC",
        ]
        try withMutant(.v15) { mutant in
            for change in changes {
                let difference = try mutant.difference(after: change)
                #expect(difference?.objects.isEmpty == false, "\(change)")
                #expect((difference?.fidelity ?? 1) < 1 || difference?.objects.contains { $0.change == .extra } == true)
            }
        }
    }

    private func drop(_ object: CatalogObject) -> String {
        let identity = object.identity
        let quoted = { (name: String) in "\"" + name.replacing("\"", with: "\"\"") + "\"" }
        switch identity.kind {
        case .constraint, .foreignKey:
            let isOnDomain = object.reference.contains(" ON DOMAIN ")
            let place = [identity.schema, identity.parent].compactMap(\.self).map(quoted).joined(separator: ".")
            return "ALTER \(isOnDomain ? "DOMAIN" : "TABLE") \(place) DROP CONSTRAINT \(quoted(identity.name)) CASCADE"
        case .defaultPrivileges:
            return object.stages[0].statements.map { statement in
                let isGrant = statement.contains(" GRANT ")
                return isGrant
                    ? statement.replacing(" GRANT ", with: " REVOKE ").replacing(" TO ", with: " FROM ")
                        .replacing(" WITH GRANT OPTION", with: "")
                    : statement.replacing(" REVOKE ", with: " GRANT ").replacing(" FROM ", with: " TO ")
            }.joined(separator: "; ")
        case .enumType, .compositeType, .rangeType: return "DROP TYPE \(object.reference) CASCADE"
        default:
            let keyword = identity.kind.rawValue.replacing("-", with: " ")
            let isAlone = [.userMapping, .subscription, .eventTrigger, .publication].contains(identity.kind)
            return "DROP \(keyword) \(object.reference)" + (isAlone ? "" : " CASCADE")
        }
    }

    private func withMutant(_ major: PostgresMajor, _ body: (Mutant) throws -> Void) throws {
        try Corpus.withOriginal(on: major) { settings in
            let connection = try Connection(settings)
            try connection.execute("ALTER EVENT TRIGGER \"ev \"\"odd\" DISABLE; SET search_path = ''")
            try body(Mutant(original: CatalogReader(connection).read(), connection: connection))
        }
    }
}

/// A database that is changed in transactions that never commit.
private struct Mutant {
    let original: DatabaseCatalog
    let connection: Connection

    /// What the comparison says after a change; nil when the server refused the change.
    func difference(after change: String) throws -> CatalogDifference? {
        try connection.execute("BEGIN")
        defer { connection.rollBack() }
        do { try connection.execute(change) } catch { return nil }
        return try CatalogDifference.compare(original, CatalogReader(connection).read())
    }
}
