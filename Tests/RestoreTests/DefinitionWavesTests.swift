import Model
import Testing

@testable import Catalog
@testable import Restore

@Suite("Definitions, cut so that tables are made at once")
struct DefinitionWavesTests {
    private func step(
        _ name: String,
        _ kind: ObjectKind = .table,
        _ action: RestoreStep.Action = .create,
        after: [Int] = []
    ) -> RestoreStep {
        RestoreStep(
            object: ObjectIdentity(kind, schema: "public", name: name),
            action: action,
            section: .preData,
            statements: ["SELECT"],
            after: after,
            locks: []
        )
    }

    private func names(_ steps: [RestoreStep]) -> [String] { steps.map { "\($0.object.name) \($0.action)" } }

    @Test("tables that need nothing but what is no table go together, each with its owner and comments")
    func plain() {
        let steps = [
            step("kind", .enumType), step("a", after: [0]), step("a", .table, .own, after: [1]),
            step("a", .table, .comment, after: [1]), step("b"), step("c"), step("view", .view, after: [1, 4]),
            step("view", .view, .own, after: [6]), step("late", .function),
        ]
        let waves = DefinitionWaves(steps, batch: 2, fewest: 1)
        #expect(names(waves.first) == ["kind create", "late create"])
        #expect(waves.tables.map(names) == [["a create", "a own", "a comment"], ["b create", "c create"]])
        #expect(names(waves.last) == ["view create", "view own"])
        // Positions are those of the new list, and what is done by then is not named any more.
        #expect(waves.last.map(\.after) == [[], [0]])
    }

    @Test("what stands on another table waits: heirs, later stages, partitions, and whatever needs these")
    func standing() {
        let steps = [
            step("parent"), step("heir", after: [0]), step("heir", .table, .own, after: [1]),
            // A default that is set when the function is there, which returns rows of the parent.
            step("rows", .function, after: [0]), step("late"), step("late", after: [3, 4]),
            step("late", .table, .comment, after: [5]), step("part"), step("part", .table, .attach, after: [0, 7]),
        ]
        let waves = DefinitionWaves(steps, batch: 100, fewest: 1)
        #expect(waves.first.isEmpty)
        #expect(waves.tables.map(names) == [["parent create", "late create", "part create"]])
        #expect(
            names(waves.last) == [
                "heir create", "heir own", "rows create", "late create", "late comment", "part attach",
            ]
        )
        #expect(waves.last.map(\.after) == [[], [0], [], [2], [3], []])
    }

    @Test("a table whose definition calls functions is left to the loader, and what is about it comes later")
    func computed() {
        var computed = step("computed")
        computed.statements = ["CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a + f(1)) STORED)"]
        let owner = step("computed", .table, .own, after: [0])
        let waves = DefinitionWaves([computed, step("plain"), owner], batch: 100, fewest: 1)
        #expect(names(waves.first) == ["computed create"])
        #expect(names(waves.tables.flatMap(\.self)) == ["plain create"])
        #expect(names(waves.last) == ["computed own"])
    }

    @Test("few tables stay on one connection, in their order")
    func few() {
        let steps = [step("a"), step("view", .view, after: [0]), step("b")]
        let waves = DefinitionWaves(steps, batch: 100, fewest: 3)
        #expect(waves.first == steps)
        #expect(waves.tables.isEmpty && waves.last.isEmpty)
    }
}
