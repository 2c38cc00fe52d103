import Archives
import Compression
import Glibc
import Streams
import Testing

@Suite("Other programs")
struct InteroperationTests {
    @Test("tar and zstd alone read what is written")
    func writing() throws {
        let folder = try ShellFolder()
        let texts = [copyText(bytes: 100_000), [], copyText(bytes: 513)]
        let compressor = try MemberCompressor()
        let archive = try AtomicFile(path: folder.path + "/a.tar", .create)
        let writer = try TarWriter(into: archive, named: "a")
        for (index, text) in texts.enumerated() {
            let table = index == 2 ? String(repeating: "\"", count: 62) + "." : "orders"
            let name = try MemberName(.rows(schema: "public", table: table), range: UInt32(index), part: 0)
            let output = IOBuffer(capacity: MemberCompressor.bound(text.count))
            let count = try text.withUnsafeBytes { try compressor.compress($0, into: output.storage) }
            try writer.writeEntry(name: name.text, output.prefix(count))
        }
        try writer.finish()
        try folder.run("tar tvf a.tar > listing && tar xf a.tar && zstd -dq -r data")
        let listing = try folder.text("listing").split(separator: "\n")
        #expect(listing.count == 3)
        #expect(listing.allSatisfy { $0.hasPrefix("-rw------- 0/0 ") })
        let encoded = String(repeating: "%22", count: 62) + "%2E"
        for (index, table) in ["orders", "orders", encoded].enumerated() {
            let path = folder.path + "/data/public/\(table)/0000000\(index)-0000.copy"
            #expect(try FileSource(path: path).readAll(limit: 1 << 20) == texts[index])
        }
    }

    @Test("the longest and strangest names fit into a file system")
    func longestNames() throws {
        let folder = try ShellFolder()
        let identifiers = [
            String(repeating: "\"", count: 63), String(repeating: ".", count: 63),
            String(repeating: "é", count: 31) + "/",
        ]
        let archive = try AtomicFile(path: folder.path + "/a.tar", .create)
        let writer = try TarWriter(into: archive, named: "a")
        var names: [String] = []
        for schema in identifiers {
            for table in identifiers {
                let name = try MemberName(.rows(schema: schema, table: table), range: .max, part: .max)
                _ = try copyText(bytes: 600).withUnsafeBytes { try writer.writeEntry(name: name.text, $0) }
                names.append(name.text)
            }
        }
        try writer.finish()
        try folder.run("tar xf a.tar")
        for name in names {
            #expect(try FileSource(path: folder.path + "/" + name).readAll(limit: 1000) == copyText(bytes: 600))
        }
    }

    @Test("what tar writes is read, in every format it offers", arguments: ["ustar", "pax", "gnu"])
    func reading(format: String) throws {
        let folder = try ShellFolder()
        let long = try MemberName(
            .rows(schema: String(repeating: "a", count: 60), table: String(repeating: "b", count: 60)),
            range: 0,
            part: 0
        )
        let names = [long.text, "large-objects/00000007-0001.copy.zst"]
        for (index, name) in names.enumerated() {
            let path = folder.path + "/" + name
            let parent = path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex)
            try Directory(String(parent)).create()
            let file = try AtomicFile(path: path, .create)
            try file.write(contentsOf: copyText(bytes: 1000 + 69_000 * index))
            try file.finish()
        }
        try folder.run("tar --format=\(format) -cf b.tar \(names.joined(separator: " "))")
        let bytes = try FileSource(path: folder.path + "/b.tar").readAll(limit: 1 << 20)
        let samples = names.enumerated().map { Sample(name: $1, bytes: copyText(bytes: 1000 + 69_000 * $0)) }
        #expect(try untar(bytes, expectsEndMarker: true) == samples)
    }

    @Test("what zstd writes is read")
    func zstd() throws {
        let folder = try ShellFolder()
        try folder.run("seq 1 100000 > plain && zstd -q -19 plain -o packed && cat packed packed > twice")
        let plain = try FileSource(path: folder.path + "/plain").readAll(limit: 1 << 20)
        let source = try ZstdDecompressor(from: FileSource(path: folder.path + "/twice"), named: "twice")
        #expect(try source.readAll(limit: 1 << 21) == plain + plain)
    }
}

/// A folder in which commands run; removed when the test lets go of it.
private final class ShellFolder {
    let path: String

    init() throws {
        path = "/tmp/archives-\(UInt64.random(in: .min ... .max))"
        try Directory(path).create()
    }

    deinit { try? Directory(path).remove() }

    func run(_ command: String) throws {
        let status = system("cd '\(path)' && { \(command); }")
        try #require(status == 0, "\(command) ended with \(status)")
    }

    func text(_ name: String) throws -> String {
        String(decoding: try FileSource(path: path + "/" + name).readAll(limit: 1 << 20), as: UTF8.self)
    }
}
