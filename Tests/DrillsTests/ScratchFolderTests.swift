import Glibc
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

            // The same process id, but it began at another time: that process is gone.
            let dead = try renamed(ScratchFolder.create(in: parent, owner: nil), field: 2, to: "1")
            // Another namespace of process ids: nobody here can tell.
            let elsewhere = try renamed(ScratchFolder.create(in: parent, owner: nil), field: 0, to: "7")
            #expect(ScratchFolder.abandoned(in: parent) == [dead])

            #expect(ClusterJanitor.sweep(parent) == [dead])
            #expect(Directory(alive).exists && Directory(elsewhere).exists && !Directory(dead).exists)
        }
    }

    @Test("a folder whose name is none of ours is never removed")
    func foreign() throws {
        try withScratchFolder { parent in
            let folder = parent + "/lifeboat-drill-mine"
            try Directory(folder).create()
            ScratchFolder.remove(folder)
            #expect(Directory(folder).exists)
        }
    }

    /// The folder with one field of its name changed.
    private func renamed(_ folder: String, field: Int, to text: String) throws -> String {
        let start = folder.firstRange(of: ScratchFolder.prefix)
        let prefix = try #require(start)
        var fields = folder[prefix.upperBound...].split(separator: "-").map(String.init)
        fields[field] = text
        let other = folder[..<prefix.upperBound] + fields.joined(separator: "-")
        #expect(rename(folder, String(other)) == 0)
        return String(other)
    }
}
