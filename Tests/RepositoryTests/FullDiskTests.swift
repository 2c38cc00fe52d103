import Diagnostics
import Glibc
import Model
import Repository
import Streams
import TestSupport
import Testing

@Suite("A full disk", .enabled(if: geteuid() == 0, "mounting a small file system needs root"))
struct FullDiskTests {
    /// A file system of a few megabytes, unmounted when the test ends.
    private final class SmallDisk {
        let scratch: ScratchFolder
        var path: String { scratch.path }

        init(megabytes: Int) throws {
            scratch = try ScratchFolder()
            try #require(mount("tmpfs", scratch.path, "tmpfs", 0, "size=\(megabytes)m") == 0)
        }

        deinit { umount2(scratch.path, Int32(MNT_DETACH)) }
    }

    /// The same inside an SFTP server's home, for its user.
    private final class DistantDisk {
        let server: SSHServer
        var path: String { server.home + "/disk" }

        init(megabytes: Int) throws {
            server = try SSHServer()
            try #require(mkdir(server.home + "/disk", 0o700) == 0)
            let user = try #require(getpwnam(server.user)).pointee.pw_uid
            try #require(mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m,mode=700,uid=\(user)") == 0)
        }

        deinit { umount2(path, Int32(MNT_DETACH)) }
    }

    @Test("a backup into a full repository says so, leaves nothing, and a prune still works")
    func full() throws {
        let disk = try SmallDisk(megabytes: 12)
        try fill(disk.path, Scene(FolderStore(path: disk.path + "/repository")))
    }

    @Test("the same holds for a full disk on a server behind SFTP")
    func fullServer() throws {
        let disk = try DistantDisk(megabytes: 12)
        try fill(disk.path, Scene(disk.server.store("disk/repository")))
    }

    private func fill(_ folder: String, _ scene: Scene) throws {
        try scene.store.keepReserve()
        let first = try scene.commit(Scene.name(0), content: String(repeating: "x", count: 2 << 20))
        try scene.commit(Scene.name(1), previous: first)
        let big = [UInt8](repeating: 0, count: 10 << 20)
        let refusal = #expect(throws: Diagnostic.self) { _ = try scene.archive(big, for: Scene.name(2)) }
        #expect(refusal?.code == .repositoryFull, "\(refusal as Any)")
        #expect(refusal?.hint != nil)
        #expect(try scene.store.list("archives").count == 2)

        // Fill what is left to the last byte.
        let filler = open(folder + "/filler", O_CREAT | O_WRONLY, 0o600)
        while write(filler, big, 4096) > 0 {}
        while write(filler, big, 1) > 0 {}
        close(filler)
        #expect(code { try scene.commit(Scene.name(2)) } == .repositoryFull)
        let decision = PruneDecision(point: Scene.name(0), isKept: false, reasons: ["test"])
        let options = PruneOptions(skipsWait: true)
        let plan = try scene.repository.planPrune([decision], options: options)
        let run = try scene.repository.prune(plan, tool: "test", now: Scene.start)
        #expect(run.removedPoints.count == 1)
        #expect(run.removedArchives == 1)
        #expect(try scene.repository.readPoint(Scene.name(1)).name == Scene.name(1))
        try scene.commit(Scene.name(2))
    }
}
