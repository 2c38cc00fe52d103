import Model
import Testing

@testable import Catalog
@testable import Restore

@Suite("Definitions, cut by who runs them")
struct DefinitionPartsTests {
    private func step(_ name: String, _ action: RestoreStep.Action = .create, after: [Int] = []) -> RestoreStep {
        RestoreStep(
            object: ObjectIdentity(.table, schema: "public", name: name),
            action: action,
            section: .preData,
            statements: ["SELECT"],
            after: after,
            locks: []
        )
    }

    @Test("what calls nothing stays in one part, in its order")
    func harmless() {
        let parts = DefinitionParts([step("a"), step("b", after: [0]), step("c")]).parts
        #expect(parts.map(\.isLoaders) == [false])
        #expect(parts[0].steps.map(\.object.name) == ["a", "b", "c"])
        #expect(DefinitionParts([]).parts.isEmpty)
    }

    @Test("partitions are attached together by the loader, and what waits for one comes after")
    func attached() {
        let steps = [
            step("parent"), step("one"), step("one", .attach, after: [0, 1]), step("one", .comment, after: [2]),
            step("two"), step("two", .attach, after: [0, 4]), step("two", .comment, after: [5]),
        ]
        let parts = DefinitionParts(steps).parts
        #expect(parts.map(\.isLoaders) == [false, true, false])
        #expect(
            parts.map { $0.steps.map(\.object.name) } == [["parent", "one", "two"], ["one", "two"], ["one", "two"]]
        )
    }

    @Test("a table whose definition calls functions is the loader's, whatever its name")
    func computed() {
        var computed = step("computed")
        computed.statements = ["CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a + f(1)) STORED)"]
        var keyed = step("keyed", after: [0])
        keyed.statements = ["CREATE TABLE u (a int)\nPARTITION BY LIST ((a + f(1)))"]
        let parts = DefinitionParts([computed, keyed, step("own", .own, after: [0])]).parts
        #expect(parts.map(\.isLoaders) == [true, false])
        #expect(parts[0].steps.map(\.object.name) == ["computed", "keyed"])
    }
}
