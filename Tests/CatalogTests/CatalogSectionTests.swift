import FoundationEssentials
import Testing

@testable import Catalog

/// How the definitions are written into a point.
@Suite struct CatalogSectionTests {
    @Test("in portions, the section has the bytes that the encoder gives in one go", arguments: [0, 1, 500, 1201])
    func bytes(count: Int) throws {
        let section = try CatalogSection(Self.catalog(of: count))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        #expect(try section.encoded() == Array(try encoder.encode(section)))
    }

    @Test("what was written is read back")
    func roundTrip() throws {
        let catalog = Self.catalog(of: 1201)
        #expect(try CatalogSection.decode(try CatalogSection(catalog).encoded()).catalog == catalog)
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
