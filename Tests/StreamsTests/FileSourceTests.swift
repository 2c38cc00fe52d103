import Diagnostics
import Glibc
import Streams
import Testing

@Suite("File sources")
struct FileSourceTests {
    @Test(
        "a range delivers its bytes and no others",
        arguments: [0..<0, 0..<10, 3..<7, 9..<10, 10..<10] as [Range<Int64>]
    )
    func range(range: Range<Int64>) throws {
        let folder = try ScratchFolder()
        try folder.put("object", "0123456789")
        let source = try FileSource(path: folder.file("object"), range: range)
        let bytes = try source.readAll(limit: 100)
        #expect(bytes == range.map { UInt8(ascii: "0") + UInt8($0) })
        #expect(source.fileSize == 10)
    }

    @Test("a file that is shorter than it must be is corrupt, never just over")
    func short() throws {
        let folder = try ScratchFolder()
        try folder.put("object", "0123456789")
        let early = #expect(throws: Diagnostic.self) {
            try FileSource(path: folder.file("object"), range: 5..<11)
        }
        #expect(early?.code == .objectCorrupt)
        let source = try FileSource(path: folder.file("object"))
        #expect(truncate(folder.file("object"), 4) == 0)
        let late = #expect(throws: Diagnostic.self) { try source.readAll(limit: 100) }
        #expect(late?.code == .objectCorrupt)
    }

    @Test("a missing file is told from one that cannot be read")
    func missing() throws {
        let folder = try ScratchFolder()
        #expect(throws: Diagnostic.self) { try FileSource(path: folder.file("none")) }
        let missing = #expect(throws: Diagnostic.self) { try FileSource(path: folder.file("none")) }
        #expect(missing?.code == .objectMissing)
        let unreadable = #expect(throws: Diagnostic.self) { try FileSource(path: folder.path) }
        #expect(unreadable?.code == .fileAccess)
    }
}
