import Glibc
import Streams
import Testing

/// A folder for one test, removed when the test lets go of it.
final class ScratchFolder {
    let path: String

    init() throws {
        path = "/tmp/streams-\(UInt64.random(in: .min ... .max))"
        try Directory(path).create()
    }

    deinit { try? Directory(path).remove() }

    func file(_ name: String) -> String { path + "/" + name }

    /// What lies directly or deeper in the folder.
    func names() throws -> [String] { try Directory(path).entries().map(\.path) }

    /// Writes a small file under `name` at once.
    func put(_ name: String, _ text: String) throws {
        let file = try AtomicFile(path: file(name), .replace)
        try file.write(text: text)
        try file.finish()
    }

    func text(_ name: String) throws -> String {
        String(decoding: try FileSource(path: file(name)).readAll(limit: 1 << 20), as: UTF8.self)
    }
}
