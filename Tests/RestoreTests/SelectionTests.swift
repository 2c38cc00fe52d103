import Diagnostics
import Model
import Testing

@testable import Catalog
@testable import Restore

@Suite("Which part of a point is restored")
struct SelectionTests {
    private let event = ObjectIdentity(.table, schema: "shop", name: "event")
    private let year = ObjectIdentity(.table, schema: "shop", name: "event_2026")
    private let month = ObjectIdentity(.table, schema: "shop", name: "event_2026_01")
    private let customer = ObjectIdentity(.table, schema: "shop", name: "customer")

    private func object(_ identity: ObjectIdentity, _ stages: Stage...) -> CatalogObject {
        CatalogObject(
            identity,
            reference: identity.name,
            stages: stages.isEmpty ? [Stage(.create, .preData, ["CREATE"])] : stages
        )
    }

    private func partition(_ identity: ObjectIdentity, of parent: ObjectIdentity) -> CatalogObject {
        object(
            identity,
            Stage(.create, .preData, ["CREATE"]),
            Stage(
                .attach,
                .preData,
                ["ALTER TABLE ONLY shop.\(parent.name) ATTACH PARTITION \"shop\".\"\(identity.name)\""],
                dependencies: [Dependency(object: parent, stage: 0)]
            )
        )
    }

    private func index(on table: ObjectIdentity, needing needed: ObjectIdentity...) -> CatalogObject {
        object(
            ObjectIdentity(.index, schema: "shop", name: "some_index", parent: table.name),
            Stage(
                .create,
                .postData,
                ["CREATE INDEX"],
                dependencies: ([table] + needed).map { Dependency(object: $0, stage: 0) }
            )
        )
    }

    private func catalog(_ more: CatalogObject...) -> DatabaseCatalog {
        DatabaseCatalog(
            serverMajor: 15,
            objects: [
                object(ObjectIdentity(.schema, name: "shop")), object(event), partition(year, of: event),
                partition(month, of: year), object(customer),
            ] + more
        )
    }

    private func names(_ texts: String...) -> RestoreSelection { .tables(Set(texts.map { TableName($0) })) }

    @Test("what matches nothing is refused with its name, also beside something that matches")
    func nothing() throws {
        for selection in [names("shop.nope"), names("shop.customer", "shop.nope"), .schemas([Spelling("nope")])] {
            let error = #expect(throws: Diagnostic.self) { try selection.resolved(in: catalog()) }
            #expect(error?.code == .usage)
            #expect(error?.summary.contains("nope'") == true)
        }
        #expect(
            try RestoreSelection.schemas([Spelling("shop")]).resolved(in: catalog()) == .schemas([Spelling("shop")])
        )
    }

    @Test("a name in another case is refused and the right one is proposed")
    func anotherCase() throws {
        let error = #expect(throws: Diagnostic.self) { try names("Shop.Customer").resolved(in: catalog()) }
        #expect(error?.hint?.contains("'shop.customer'") == true)
    }

    @Test("a partitioned table brings its partitions on every level")
    func partitions() throws {
        let selection = try names("shop.event").resolved(in: catalog())
        #expect(selection == names("shop.event", "shop.event_2026", "shop.event_2026_01"))
        #expect(try names("shop.customer").resolved(in: catalog()) == names("shop.customer"))
    }

    @Test("a partition alone becomes a table without a parent, and the ledger says so")
    func loosePartition() throws {
        let part = SelectionClosure(catalog(), names("shop.event_2026_01"))
        let loose = try #require(part.catalog.objects.first { $0.identity == month })
        #expect(loose.stages.map(\.statements) == [["CREATE"], []])
        #expect(!part.catalog.objects.contains { $0.identity == year })
        #expect(part.omissions.map(\.object) == ["table shop.event_2026_01"])
        #expect(part.omissions.first?.reason.contains("event_2026") == true)
    }

    @Test("what an index needs comes along: an extension, a function")
    func neededByIndex() throws {
        let trigram = object(ObjectIdentity(.extension, name: "pg_trgm"))
        let function = object(ObjectIdentity(.function, schema: "text", name: "fold", signature: "text"))
        let full = catalog(trigram, function, index(on: customer, needing: trigram.identity, function.identity))
        let kept = SelectionClosure(full, names("shop.customer")).catalog.objects.map(\.identity)
        #expect(kept.contains(trigram.identity))
        #expect(kept.contains(function.identity))
        #expect(!kept.contains(event))
    }

    @Test("what needs another table is left out, and the ledger says so")
    func neededTable() throws {
        let key = index(on: customer, needing: event)
        let part = SelectionClosure(catalog(key), names("shop.customer"))
        #expect(part.catalog.objects.map(\.identity) == [customer])
        #expect(part.omissions.map(\.object) == [key.identity.description])
    }
}

@Suite("What a role without a superuser's powers can restore")
struct SuperuserNeedsTests {
    private let powers = {
        var powers = TargetPowers()
        powers.role = "app"
        powers.isSuperuser = false
        powers.untrustedLanguages = ["c", "internal"]
        return powers
    }()

    private func function(_ name: String, in language: String, needing needed: ObjectIdentity...) -> CatalogObject {
        let text = "CREATE OR REPLACE FUNCTION public.\(name)()\n RETURNS integer\n LANGUAGE \(language)\nAS 'x'"
        let stage = Stage(.create, .preData, [text], dependencies: needed.map { Dependency(object: $0, stage: 0) })
        let identity = ObjectIdentity(.function, schema: "public", name: name, signature: "")
        return CatalogObject(identity, reference: name, stages: [stage])
    }

    private func needs(_ objects: CatalogObject...) throws -> Set<ObjectIdentity> {
        let catalog = DatabaseCatalog(serverMajor: 15, objects: objects)
        return try SuperuserNeeds(catalog, powers, refusedExtensions: []).uncertain
    }

    @Test("what nothing else needs is tried at the end")
    func leaves() throws {
        let first = function("first", in: "c")
        let second = function("second", in: "internal", needing: first.identity)
        #expect(try needs(first, second, function("third", in: "plpgsql")) == [first.identity, second.identity])
    }

    @Test("what something else needs is refused beforehand, all of it by name")
    func needed() throws {
        let hidden = function("hidden", in: "c")
        let other = function("other", in: "internal")
        let error = #expect(throws: Diagnostic.self) {
            try needs(hidden, other, function("user", in: "sql", needing: hidden.identity, other.identity))
        }
        #expect(error?.code == .targetRefused)
        for name in ["hidden", "other"] { #expect(error?.cause?.contains(name) == true) }
    }

    @Test("a function's header says its language, whether it leaks, and what it sets; its body says nothing")
    func header() {
        let header = FunctionHeader(
            of: """
                CREATE OR REPLACE FUNCTION public.f(integer)
                 RETURNS boolean
                 LANGUAGE "plpython3u"
                 IMMUTABLE LEAKPROOF COST 1
                 SET search_path TO 'a', 'b'
                 SET "TimeZone" TO 'UTC'
                AS $function$
                 SET work_mem TO '1MB'
                $function$
                """
        )
        #expect(header.language == "plpython3u")
        #expect(header.isLeakproof)
        #expect(header.settings == ["search_path", "timezone"])
        let plain = FunctionHeader(of: "CREATE FUNCTION f()\n RETURNS text\n LANGUAGE sql\nRETURN ' LEAKPROOF'")
        #expect(plain.language == "sql" && !plain.isLeakproof && plain.settings.isEmpty)
    }

    @Test("a role is created without the words that only a superuser may say")
    func roles() throws {
        let step = RestoreStep(
            object: ObjectIdentity(.role, name: "a\" WITH NOSUPERUSER "),
            action: .create,
            section: .roles,
            statements: [
                "ALTER ROLE \"a NOBYPASSRLS\" WITH NOSUPERUSER INHERIT NOCREATEROLE LOGIN CONNECTION LIMIT -1"
            ],
            after: [],
            locks: []
        )
        #expect(
            UncertainSteps.plain([step])[0].statements
                == ["ALTER ROLE \"a NOBYPASSRLS\" WITH INHERIT LOGIN CONNECTION LIMIT -1"]
        )
    }
}

@Suite("What a restore that ends in the middle says")
struct UnfinishedRestoreTests {
    @Test("an interruption, a refusal and a damaged archive all say what the target holds and how to begin again")
    func remedies() throws {
        for isShared in [false, true] {
            let remedy = isShared ? "drop that part" : "drop it, create it again"
            for (error, isInterrupted) in [
                (Diagnostic(.objectCorrupt, "an archive is damaged", hint: "Take another point."), false),
                (Diagnostic(.databasePermission, "refused", hint: "Exclude it from the plan."), false),
                (Diagnostic(.internalError, "stopped"), true),
            ] {
                let told = UnfinishedRestore(database: "shop", isShared: isShared, wasInterrupted: isInterrupted)
                    .explained(error)
                let diagnostic = try #require(told as? Diagnostic)
                #expect(diagnostic.code == (isInterrupted ? .interrupted : error.code))
                #expect(diagnostic.hint?.contains("Database 'shop' may hold a part") == true)
                #expect(diagnostic.hint?.contains(remedy) == true)
                #expect(diagnostic.hint?.contains("plan") == false)
            }
        }
    }
}
