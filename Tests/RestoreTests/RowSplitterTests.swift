import Model
import RowHashing
import Testing

@testable import Restore

@Suite("Rows out of pieces")
struct RowSplitterTests {
    @Test("the proof does not depend on where the text is cut", arguments: 1...64)
    func cuts(size: Int) throws {
        let rows = ["", "a", "1\t2\t\\N", String(repeating: "x", count: 200), "\\n is not a line break", "é"]
        var hasher = RowHasher()
        for row in rows { hasher.add(Array(row.utf8).span.bytes) }
        let text = Array(rows.map { $0 + "\n" }.joined().utf8)
        var splitter = RowSplitter()
        for start in stride(from: 0, to: text.count, by: size) {
            text[start..<min(start + size, text.count)].withUnsafeBytes { splitter.add($0) }
        }
        #expect(try splitter.finish() == hasher.proof)
        #expect(try splitter.finish().rows == 6)
    }

    @Test("text that ends inside a row is damage")
    func truncated() {
        var splitter = RowSplitter()
        Array("one\ntw".utf8).withUnsafeBytes { splitter.add($0) }
        #expect(throws: (any Error).self) { try splitter.finish() }
    }
}
