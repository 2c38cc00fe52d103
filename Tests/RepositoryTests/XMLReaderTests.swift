import Testing

@testable import Repository

@Suite("The XML of S3")
struct XMLReaderTests {
    private static let page = """
        <?xml version="1.0" encoding="UTF-8"?>
        <!-- a page --><s:ListBucketResult xmlns:s='http://s3.amazonaws.com/doc/2006-03-01/'>
          <Name>b</Name><Empty/><Contents><Key>a&amp;b&#x2F;c&#47;d</Key><Size>3</Size></Contents>
          <Contents><Key><![CDATA[<x>]]></Key><Size>4</Size></Contents>
        </s:ListBucketResult>

        """

    @Test("elements, text, entities and sections are read")
    func reads() throws {
        let tree = try XMLReader.parse(Array(Self.page.utf8))
        #expect(tree.name == "ListBucketResult" && tree["Name"]?.text == "b" && tree["Empty"]?.text == "")
        #expect(tree.all("Contents").map { $0["Key"]?.text } == ["a&b/c/d", "<x>"])
    }

    @Test("a document that was cut anywhere is an error")
    func cuts() {
        let bytes = Array(Self.page.utf8)
        let whole = Self.page.utf8.count - 2
        for length in 0..<whole {
            #expect(throws: XMLProblem.self, "cut at \(length)") { try XMLReader.parse(Array(bytes[..<length])) }
        }
    }

    @Test(
        "what no store sends is refused",
        arguments: [
            "<a></b>", "<a/><b/>", "text", "<a>&unknown;</a>", "<a>&#xD800;</a>", "<a b></a>", "<a b='></a>",
            "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "<a><!DOCTYPE b></a>",
        ]
    )
    func refuses(_ text: String) {
        #expect(throws: XMLProblem.self) { try XMLReader.parse(Array(text.utf8)) }
    }

    @Test("depth is limited, so that no answer can exhaust the stack")
    func depth() {
        let text = String(repeating: "<a>", count: 100_000)
        #expect(throws: XMLProblem.self) { try XMLReader.parse(Array(text.utf8)) }
    }

    @Test("changed bytes are read or refused, never a crash")
    func mutations() {
        var generator = SystemRandomNumberGenerator()
        let bytes = Array(Self.page.utf8)
        for _ in 0..<5000 {
            var changed = bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                changed[Int.random(in: 0..<changed.count, using: &generator)] = UInt8.random(
                    in: 0...255,
                    using: &generator
                )
            }
            _ = try? XMLReader.parse(changed)
        }
    }
}
