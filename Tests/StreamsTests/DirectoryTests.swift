import Diagnostics
import Glibc
import Streams
import Testing

@Suite("Folders")
struct DirectoryTests {
    @Test("missing folders are created on the way, and creating again is no error")
    func create() throws {
        let folder = try ScratchFolder()
        for path in ["a/b/c", "a/b/c/", "a//b/c/d//"] {
            let deep = Directory(folder.file(path))
            try deep.create()
            try deep.create()
            #expect(deep.exists)
        }
        #expect(try folder.names() == ["a", "a/b", "a/b/c", "a/b/c/d"])
    }

    @Test("a file in the way is an error")
    func fileInTheWay() throws {
        let folder = try ScratchFolder()
        try folder.put("a", "")
        for path in ["a", "a/b"] {
            let failure = #expect(throws: Diagnostic.self) { try Directory(folder.file(path)).create() }
            #expect(failure?.code == .fileAccess)
        }
        #expect(throws: Diagnostic.self) { try Directory("").create() }
    }

    @Test("a walk tells what everything is, in order, and follows no link")
    func walk() throws {
        let folder = try ScratchFolder()
        let outside = try ScratchFolder()
        try outside.put("secret", "x")
        try Directory(folder.file("b/inner")).create()
        try folder.put("b/two", "12")
        try folder.put("a", "1")
        #expect(symlink(outside.path, folder.file("c")) == 0)
        let entries = try Directory(folder.path).entries()
        #expect(entries.map(\.path) == ["a", "b", "b/inner", "b/two", "c"])
        #expect(entries.map(\.kind) == [.file, .folder, .folder, .file, .link])
        #expect(entries[3].size == 2)
        #expect(abs(entries[0].modifiedNanoseconds / 1_000_000_000 - Int64(time(nil))) < 100)
    }

    @Test("a folder that cannot be listed is an error, never an empty list")
    func unlistable() throws {
        let folder = try ScratchFolder()
        let missing = #expect(throws: Diagnostic.self) { try Directory(folder.file("none")).entries() }
        #expect(missing?.code == .fileAccess)
        try folder.put("file", "")
        #expect(throws: Diagnostic.self) { try Directory(folder.file("file")).entries() }
    }

    @Test("what vanishes during a walk is passed over")
    func vanishing() throws {
        let folder = try ScratchFolder()
        for name in ["a", "b", "c"] { try Directory(folder.file(name)).create() }
        var seen: [String] = []
        try Directory(folder.path).walk { entry in
            seen.append(entry.path)
            for name in ["b", entry.path] { try Directory(folder.file(name)).remove() }
        }
        #expect(seen == ["a", "c"])
    }

    @Test("removing a tree removes links, not what they point to")
    func remove() throws {
        let folder = try ScratchFolder()
        let outside = try ScratchFolder()
        try outside.put("kept", "x")
        let tree = Directory(folder.file("tree"))
        try Directory(folder.file("tree/deep/deeper")).create()
        try folder.put("tree/deep/file", "x")
        #expect(symlink(outside.path, folder.file("tree/deep/link")) == 0)
        try tree.remove()
        try tree.remove()
        #expect(try folder.names().isEmpty)
        #expect(try outside.text("kept") == "x")
        #expect(symlink(outside.path, folder.file("link")) == 0)
        try Directory(folder.file("link")).remove()
        #expect(try folder.names().isEmpty)
        #expect(try outside.names() == ["kept"])
    }

    @Test("removing a file says whether there was one")
    func removeFile() throws {
        let folder = try ScratchFolder()
        try folder.put("a", "")
        #expect(try Directory.removeFile(folder.file("a")))
        #expect(try !Directory.removeFile(folder.file("a")))
        #expect(throws: Diagnostic.self) { try Directory.removeFile(folder.file("missing/a")) }
    }

    @Test("free space is a number of bytes of a real disk")
    func freeSpace() throws {
        #expect(try Directory("/tmp").freeBytes() > 1 << 20)
        #expect(try Directory("/proc").freeBytes() == 0)
    }
}
