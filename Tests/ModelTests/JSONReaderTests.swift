import FoundationEssentials
import Testing

@testable import Model

/// How JSON is read.
@Suite struct JSONReaderTests {
    @Test("texts are read as the decoder reads them")
    func texts() throws {
        let all =
            (0...0x2FF).compactMap(Unicode.Scalar.init).map(String.init) + [
                "\u{FFFF}", "\u{1F600}", "/\\\"", "e\u{301}",
            ]
        let encoder = JSONEncoder()
        for text in all + [all.joined(), ""] {
            #expect(
                try Self.read(String(decoding: try encoder.encode(text), as: UTF8.self)) { try $0.string() } == text
            )
        }
        let escaped = #""\u00e9\ud83d\uDE00\/\b\f\n\r\t\u0000""#
        #expect(try Self.read(escaped) { try $0.string() } == "\u{E9}\u{1F600}/\u{8}\u{C}\n\r\t\0")
        let bad = [
            #""\ud83d""#, #""\ud83dx""#, #""\ude00""#, #""\u12""#, #""\u+123""#, #""\x""#, #""\"#, #"""#, "\"\n\"", "x",
            "",
        ]
        for text in bad {
            #expect(throws: JSONReader.Failure.self, "\(text)") { try Self.read(text) { try $0.string() } }
        }
        #expect(throws: JSONReader.Failure.self) { try JSONReader.read([0x22, 0xFF, 0x22]) { try $0.string() } }
        #expect(throws: JSONReader.Failure.self) {
            try JSONReader.read([0x22, 0x5C, 0x6E, 0xFF, 0x22]) { try $0.string() }
        }
    }

    @Test("whole numbers are whole, and within their size")
    func numbers() throws {
        for number in [0, 1, -1, 10, .max, .min] as [Int64] {
            #expect(try Self.read(" \(number)\n") { try $0.int64() } == number)
        }
        #expect(try Self.read("18446744073709551615") { try $0.uint64() } == .max)
        #expect(try Self.read("4294967295") { try $0.uint32() } == .max)
        #expect(try Self.read("-1.5e3") { try $0.double() } == -1500)
        let bad = ["9223372036854775808", "-9223372036854775809", "01", "1.0", "1e3", "+1", "-", "", "x", "1 2", "--1"]
        for text in bad {
            #expect(throws: JSONReader.Failure.self, "\(text)") { try Self.read(text) { try $0.int64() } }
        }
        for text in ["18446744073709551616", "-1"] {
            #expect(throws: JSONReader.Failure.self, "\(text)") { try Self.read(text) { try $0.uint64() } }
        }
        for text in ["", "e", "1e999", "nan"] {
            #expect(throws: JSONReader.Failure.self, "\(text)") { try Self.read(text) { try $0.double() } }
        }
    }

    @Test("lists and objects may be empty and hold blanks, and nothing is wrong in them")
    func nesting() throws {
        #expect(try Self.read("[ ]") { try $0.strings() } == [])
        #expect(try Self.read("[ \"a\" ,\t\"b\"\r\n]") { try $0.strings() } == ["a", "b"])
        #expect(try Self.read("{}") { try $0.stringsByName() } == [:])
        #expect(try Self.read("{\"a\" : \"b\", \"c\":\"d\" }") { try $0.stringsByName() } == ["a": "b", "c": "d"])
        #expect(try Self.read("null") { try $0.optional { try $0.string() } } == nil)
        for text in ["[", "[\"a\"", "[\"a\",]", "[\"a\" \"b\"]", "[1]", "{}", "[]]", "[] []"] {
            #expect(throws: JSONReader.Failure.self, "\(text)") { try Self.read(text) { try $0.strings() } }
        }
        for text in ["{", "{\"a\"}", "{\"a\":}", "{\"a\":\"b\",}", "{a:\"b\"}", "{\"a\" \"b\"}", "[]"] {
            #expect(throws: JSONReader.Failure.self, "\(text)") { try Self.read(text) { try $0.stringsByName() } }
        }
        let deep = String(repeating: "[", count: 10_000)
        #expect(throws: JSONReader.Failure.self) { try Self.read(deep) { try $0.skip() } }
    }

    private static func read<Value>(_ text: String, _ body: (inout JSONReader) throws -> Value) throws -> Value {
        try JSONReader.read(Array(text.utf8), body)
    }
}
