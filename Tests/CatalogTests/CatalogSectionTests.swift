import Diagnostics
import FoundationEssentials
import Model
import Testing

@testable import Catalog

/// How the definitions are written into a point.
@Suite struct CatalogSectionTests {
    @Test("the section has the bytes that the encoder gives", arguments: [0, 1, 20])
    func bytes(count: Int) throws {
        let catalog = Self.catalog(of: count)
        #expect(try Self.bytes(of: catalog) == Self.bytesOfEncoder(catalog))
    }

    @Test("what leaves in pieces is the same, and no piece is large")
    func pieces() throws {
        let catalog = Self.catalog(of: 2000)
        var pieces: [[UInt8]] = []
        var json = JSONBytes { pieces.append(Array($0)) }
        try CatalogSection.write(catalog, to: &json)
        try json.finish()
        #expect(pieces.count > 5)
        #expect(pieces.allSatisfy { $0.count < 128 << 10 })
        #expect(try Array(pieces.joined()) == Self.bytes(of: catalog))
    }

    @Test("a piece that cannot be written fails the whole")
    func refusedPiece() throws {
        struct Refusal: Error {}
        var taken = 0
        var json = JSONBytes { _ in
            taken += 1
            if taken == 2 { throw Refusal() }
        }
        try CatalogSection.write(Self.catalog(of: 2000), to: &json)
        #expect(throws: Refusal.self) { try json.finish() }
        #expect(taken == 2)
    }

    @Test("every character of a text is written as the encoder writes it")
    func characters() throws {
        let all =
            (0...0x2FF).compactMap(Unicode.Scalar.init).map(String.init).joined() + "\u{2028}\u{FFFF}\u{1F600}/\\\""
        var catalog = Self.catalog(of: 0)
        catalog.notices = [all, "", "\n", "plain", "\"", "\\", "caf\u{E9}", "cafe\u{301}"]
        #expect(try Self.bytes(of: catalog) == Self.bytesOfEncoder(catalog))
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
        var catalog = Self.catalog(of: 0)
        catalog.objects = [object]
        #expect(try Self.bytes(of: catalog) == Self.bytesOfEncoder(catalog))
        #expect(try CatalogSection.decode(Self.bytes(of: catalog)) == catalog)
        #expect(Self.labels(catalog) == ["serverMajor", "objects", "notices"])
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

    private static func bytes(of catalog: DatabaseCatalog) throws -> [UInt8] {
        var json = JSONBytes()
        try CatalogSection.write(catalog, to: &json)
        return json.bytes
    }

    private struct Section: Encodable {
        var format = 1
        var catalog: DatabaseCatalog
        var rolesSQL: String
        var preDataSQL: String
        var postDataSQL: String
    }

    private static func section(of catalog: DatabaseCatalog) throws -> Section {
        let script = RestoreScript(RestoreOrder(catalog, dropsMissingPublic: true))
        return Section(
            catalog: catalog,
            rolesSQL: try script.missingRolesSQL(),
            preDataSQL: try script.sql([.preData]),
            postDataSQL: try script.sql([.postData, .privileges, .refresh, .last])
        )
    }

    private static func bytesOfEncoder(_ catalog: DatabaseCatalog) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(section(of: catalog)))
    }

    @Test("what was written is read back")
    func roundTrip() throws {
        let catalog = Self.catalog(of: 1201)
        #expect(try CatalogSection.decode(Self.bytes(of: catalog)) == catalog)
    }

    @Test("damage and what only a later version can read are told apart")
    func damage() throws {
        let text = String(decoding: try Self.bytes(of: Self.catalog(of: 3)), as: UTF8.self)
        let later = text.replacing("\"format\":1", with: "\"format\":2").replacing("\"objects\":", with: "\"things\":")
        #expect(Self.code(later) == .repositoryFormat)
        #expect(Self.code(text.replacing("\"schema\"", with: "\"planet\"")) == .objectCorrupt)
        #expect(Self.code(text.replacing("\"stages\":", with: "\"steps\":")) == .objectCorrupt)
        #expect(Self.code(String(text.dropLast())) == .objectCorrupt)
        #expect(Self.code(text) == nil)
    }

    private static func code(_ text: String) -> DiagnosticCode? {
        do {
            _ = try CatalogSection.decode(Array(text.utf8))
            return nil
        } catch {
            return (error as? Diagnostic)?.code
        }
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
