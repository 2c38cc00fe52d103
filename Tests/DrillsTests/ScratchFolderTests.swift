import FoundationEssentials
import Repository
import Streams
import TestSupport
import Testing

@testable import Drills

@Suite("Scratch folders")
struct ScratchFolderTests {
    @Test("the folder of a process that lives is never taken for abandoned, one of a dead process is")
    func abandoned() throws {
        try withScratchFolder { parent in
            let alive = try ScratchFolder.create(in: parent, owner: nil)
            #expect(ScratchFolder.abandoned(in: parent).isEmpty)

            let dead = try ScratchFolder.create(in: parent, owner: nil)
            var token = ProcessToken.current
            token.startTicks = "1"
            try overwrite(dead, Array(JSONEncoder().encode(token)))
            let doubtful = try ScratchFolder.create(in: parent, owner: nil)
            try overwrite(doubtful, Array("not a token".utf8))
            #expect(ScratchFolder.abandoned(in: parent) == [dead])

            #expect(ClusterJanitor.sweep(parent) == [dead])
            #expect(Directory(alive).exists && Directory(doubtful).exists && !Directory(dead).exists)
        }
    }

    @Test("a folder without the marker is never removed")
    func foreign() throws {
        try withScratchFolder { parent in
            let folder = parent + "/lifeboat-drill-mine"
            try Directory(folder).create()
            ScratchFolder.remove(folder)
            #expect(Directory(folder).exists)
        }
    }

    private func overwrite(_ folder: String, _ bytes: [UInt8]) throws {
        let file = try AtomicFile(path: folder + "/lifeboat-scratch", .replace)
        try file.write(contentsOf: bytes)
        try file.finish()
    }
}
