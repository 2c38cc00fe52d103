import Archives
import Compression
import Diagnostics
@testable import Restore
import Streams

extension FuzzTarget {
    /// The readers of archives: tar, zstd, rows.
    static func containers() throws -> [FuzzTarget] {
        let name = try MemberName(.rows(schema: "public", table: "orders"), range: 0, part: 0).text
        let rows = Array("1\tone\n2\t\\N\n3\tthree\n".utf8)
        let member = try compressed(rows)
        let tar = try archive([(name, member)])
        return [
            FuzzTarget(
                "tar",
                seeds: [tar, try archive([(name, [])])],
                words: [name, "ustar", "path=", "30 mtime=", "\0\0\0"]
            ) {
                try readTar($0, expectsEndMarker: true)
                try readTar($0, expectsEndMarker: false)
            },
            FuzzTarget(
                "zstd",
                seeds: [member, try compressed([UInt8](repeating: 9, count: 5000))],
                words: ["\u{28}µ/ý"]
            ) {
                try readMember($0)
            },
            FuzzTarget("rows", seeds: [rows], words: ["\n", "\\.", "\\N", "\t", "\r\n"]) { bytes in
                // Wherever the pieces are cut, the rows are the same.
                let whole = try? split(bytes, every: max(bytes.count, 1))
                for size in [1, 2, 3, 7] {
                    try require((try? split(bytes, every: size)) == whole, "rows differ when cut every \(size) bytes")
                }
            },
            FuzzTarget("member-name", texts: [name], words: ["%2F", "..", "/", "rows/", ".zst", "%00"]) { text in
                guard let read = MemberName(parsing: text) else { return }
                try require(read.text == text, "'\(text)' has two spellings")
                try require(
                    !text.hasPrefix("/") && !text.split(separator: "/").contains(".."),
                    "'\(text)' leads outside"
                )
            },
        ]
    }

    private static func readTar(_ bytes: [UInt8], expectsEndMarker: Bool) throws {
        guard
            let reader = try? TarReader(from: MemorySource(bytes), named: "fuzz", expectsEndMarker: expectsEndMarker)
        else { return }
        var total: Int64 = 0
        while let entry = try? reader.next() {
            try require(MemberName(parsing: entry.name) != nil, "the tar reader let '\(entry.name)' through")
            guard let content = try? reader.readAll(limit: 1 << 20) else { return }
            try require(Int64(content.count) == entry.size, "'\(entry.name)' has another size than it says")
            total += entry.size
        }
        try require(total <= Int64(bytes.count), "a tar gave more than it holds")
    }

    private static func readMember(_ bytes: [UInt8]) throws {
        let limit = 1 << 16
        guard
            let source = try? MemberDecompressor().source(over: MemorySource(bytes), named: "fuzz", limit: limit),
            let content = try? source.readAll(limit: 1 << 20)
        else { return }
        try require(content.count <= limit, "a member gave \(content.count) bytes, over the limit")
    }

    private static func split(_ bytes: [UInt8], every size: Int) throws -> [String] {
        var splitter = RowSplitter()
        for start in stride(from: 0, to: bytes.count, by: size) {
            Array(bytes[start..<min(start + size, bytes.count)]).withUnsafeBytes { splitter.add($0) }
        }
        return ["\(try splitter.finish())"]
    }

    private static func compressed(_ bytes: [UInt8]) throws -> [UInt8] {
        var output = [UInt8](repeating: 0, count: MemberCompressor.bound(bytes.count))
        let count = try output.withUnsafeMutableBytes { output in
            try bytes.withUnsafeBytes { try MemberCompressor().compress($0, into: output) }
        }
        return Array(output[..<count])
    }

    private static func archive(_ entries: [(String, [UInt8])]) throws -> [UInt8] {
        let sink = MemorySink()
        let writer = try TarWriter(into: sink, named: "fuzz")
        for (name, bytes) in entries { _ = try bytes.withUnsafeBytes { try writer.writeEntry(name: name, $0) } }
        try writer.finish()
        return sink.bytes
    }
}
