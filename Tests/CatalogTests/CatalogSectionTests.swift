import FoundationEssentials
import Testing

@testable import Catalog

/// How the definitions are written into a point.
@Suite struct CatalogSectionTests {
    @Test("the section has the bytes that the encoder gives", arguments: [0, 1, 20])
    func bytes(count: Int) throws {
        let section = try CatalogSection(Self.catalog(of: count))
        #expect(section.encoded() == (try Self.bytesOfEncoder(section)))
    }

    @Test("every character of a text is written as the encoder writes it")
    func characters() throws {
        let all =
            (0...0x2FF).compactMap(Unicode.Scalar.init).map(String.init).joined() + "\u{2028}\u{FFFF}\u{1F600}/\\\""
        var section = try CatalogSection(Self.catalog(of: 0))
        section.catalog.notices = [all, "", "\n", "plain", "\"", "\\", "caf\u{E9}", "cafe\u{301}"]
        #expect(section.encoded() == (try Self.bytesOfEncoder(section)))
    }

    @Test("every member of every value is written, those that are rarely there too")
    func members() throws {
        var object = CatalogObject(
            ObjectIdentity(.trigger, schema: "s", name: "n", signature: "integer", parent: "p"),
            reference: "\"n\"",
            stages: [Stage(.columnDefault, .postData, ["a", "b"]), Stage(.ownedBy, .last, [])],
            owner: "o"
        )
        let grant = Grant(grantee: "g", grantor: "r", privileges: ["SELECT", "INSERT"], grantable: ["INSERT"])
        let toAll = Grant(grantee: nil, grantor: "r", privileges: ["SELECT"])
        object.privileges = Privileges(initial: [toAll], grants: [grant], columns: ["a": [grant, toAll], "b": []])
        object.remarks = [Remark(target: "t", provider: "p", text: "x"), Remark(target: "t", text: "y")]
        object.facts = ["one": "1", "two": "2"]
        object.stages[0].dependencies = [Dependency(object: object.identity, stage: 1)]
        var section = try CatalogSection(Self.catalog(of: 0))
        section.catalog.objects = [object]
        #expect(section.encoded() == (try Self.bytesOfEncoder(section)))
        #expect(Self.labels(section) == ["format", "catalog", "rolesSQL", "preDataSQL", "postDataSQL"])
        #expect(Self.labels(section.catalog) == ["serverMajor", "objects", "notices"])
        let members = ["identity", "reference", "stages", "owner", "privileges", "remarks", "facts"]
        #expect(Self.labels(object) == members)
        #expect(Self.labels(object.identity) == ["kind", "schema", "name", "signature", "parent"])
        #expect(Self.labels(object.stages[0]) == ["purpose", "section", "statements", "dependencies"])
        #expect(Self.labels(object.stages[0].dependencies[0]) == ["object", "stage"])
        #expect(Self.labels(object.remarks[0]) == ["target", "provider", "text"])
        #expect(Self.labels(grant) == ["grantee", "grantor", "privileges", "grantable"])
        #expect(object.privileges.map(Self.labels) == ["initial", "grants", "columns"])
    }

    @Test("kinds and sections stand in the order in which they are declared")
    func order() {
        #expect(ObjectKind.allCases.map(\.priority) == Array(ObjectKind.allCases.indices))
        #expect(RestoreSection.allCases.map(\.position) == Array(RestoreSection.allCases.indices))
    }

    /// A member that was added since this was written shows here, and belongs into the writer.
    private static func labels(_ value: some Any) -> [String] { Mirror(reflecting: value).children.compactMap(\.label) }

    private static func bytesOfEncoder(_ section: CatalogSection) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(section))
    }

    @Test("what was written is read back")
    func roundTrip() throws {
        let catalog = Self.catalog(of: 1201)
        #expect(try CatalogSection.decode(CatalogSection(catalog).encoded()).catalog == catalog)
    }

    private static func catalog(of count: Int) -> DatabaseCatalog {
        let objects = (0..<count).map { number in
            CatalogObject(
                ObjectIdentity(.schema, name: "s\(number)"),
                reference: "\"s\(number)\"",
                stages: [Stage(.create, .preData, ["CREATE SCHEMA \"s\(number)\""])],
                owner: "\"objects\":[]"
            )
        }
        return DatabaseCatalog(serverMajor: 15, objects: objects, notices: ["a notice with \"objects\":[] in it"])
    }
}
