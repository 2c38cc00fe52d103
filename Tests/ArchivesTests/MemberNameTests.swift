import Archives
import Diagnostics
import Testing

@Suite("Member names")
struct MemberNameTests {
    static let hostile = [
        "orders", "a", "..", ".", "a.b", "a/b", "/etc/passwd", "a\\b", "it's", "\"quoted\"", "line\nbreak", "tab\t",
        " ", "100%", "%2e", "%", "ümlaut", "u\u{0308}mlaut", "表", "🙂", "-rf", "~", "\u{7f}", "A", "\u{202e}x",
        String(repeating: "é", count: 31), String(repeating: "\"", count: 63),
    ]

    @Test("every pair of identifiers comes back byte for byte, under a name of its own", arguments: hostile)
    func roundTrip(schema: String) throws {
        for table in Self.hostile {
            let name = try MemberName(.rows(schema: schema, table: table), range: 7, part: 3)
            let parsed = try #require(MemberName(parsing: name.text))
            guard case .rows(let schemaBack, let tableBack) = parsed.content else {
                Issue.record("\(name.text) came back as large objects")
                continue
            }
            // Bytes, not characters: Swift calls the two spellings of ü equal.
            #expect(schemaBack.utf8.elementsEqual(schema.utf8) && tableBack.utf8.elementsEqual(table.utf8))
            #expect(parsed == name && parsed.range == 7 && parsed.part == 3)
            #expect(name.text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f })
            #expect(name.text.split(separator: "/", omittingEmptySubsequences: false).count == 4)
            #expect(name.text.split(separator: "/").allSatisfy { $0.utf8.count <= 189 })
            #expect(!name.text.contains("/../") && !name.text.contains("//"))
        }
    }

    @Test("different identifiers never share a name")
    func injective() throws {
        var texts: Set<[UInt8]> = []
        for schema in Self.hostile {
            for table in Self.hostile {
                let name = try MemberName(.rows(schema: schema, table: table), range: 0, part: 0)
                texts.insert(Array(name.text.utf8))
            }
        }
        #expect(texts.count == Self.hostile.count * Self.hostile.count)
    }

    @Test("a name reads as what it holds")
    func spelling() throws {
        let rows = try MemberName(.rows(schema: "public", table: "order.items"), range: 131_072, part: 12)
        #expect(rows.text == "data/public/order%2Eitems/00131072-0012.copy.zst")
        let objects = try MemberName(.largeObjects, range: .max, part: 12345)
        #expect(objects.text == "large-objects/4294967295-12345.copy.zst")
        #expect(MemberName(parsing: objects.text) == objects)
    }

    @Test(
        "what no server would name is refused",
        arguments: ["", String(repeating: "x", count: 64), String(repeating: "é", count: 32), "nul\0"]
    )
    func refusal(identifier: String) {
        for content in [
            MemberName.Content.rows(schema: identifier, table: "t"), .rows(schema: "public", table: identifier),
        ] {
            let failure = #expect(throws: Diagnostic.self) { try MemberName(content, range: 0, part: 0) }
            #expect(failure?.code == .unsupportedObject)
        }
    }

    @Test(
        "only the canonical spelling is a name",
        arguments: [
            "", "data", "data/public/t", "data/public/t/", "data/public/t/00000000-0000.copy",
            "data/public/t/0000000-0000.copy.zst", "data/public/t/000000000-0000.copy.zst",
            "data/public/t/00000000-000.copy.zst", "data/public/t/00000000-00000.copy.zst",
            "data/public/t/+0000000-0000.copy.zst", "data/public/t/00000000-0000-0.copy.zst",
            "data/public/t/99999999999-0000.copy.zst", "data/public/00000000-0000.copy.zst",
            "data/public.t/00000000-0000.copy.zst", "data/a.b/c/00000000-0000.copy.zst",
            "data/./t/00000000-0000.copy.zst", "data/public/../00000000-0000.copy.zst",
            "data/a/b/c/00000000-0000.copy.zst", "data//t/00000000-0000.copy.zst",
            "data/pub%6Cic/t/00000000-0000.copy.zst", "data/a%2e/t/00000000-0000.copy.zst",
            "data/a%2/t/00000000-0000.copy.zst", "data/a%/t/00000000-0000.copy.zst",
            "data/%FF/t/00000000-0000.copy.zst", "data/%00/t/00000000-0000.copy.zst",
            "data/a b/t/00000000-0000.copy.zst", "/data/a/t/00000000-0000.copy.zst",
            "./data/a/t/00000000-0000.copy.zst", "data/../a/t/00000000-0000.copy.zst",
            "data//a/t/00000000-0000.copy.zst", "other/a/t/00000000-0000.copy.zst",
            "large-objects/a/00000000-0000.copy.zst", "data/é/t/00000000-0000.copy.zst",
            "data/a/t/00000000-0000.copy.zst/", "data/a/t/00000000-0000.copy.zst\n",
        ]
    )
    func strictness(text: String) {
        #expect(MemberName(parsing: text) == nil)
    }
}
