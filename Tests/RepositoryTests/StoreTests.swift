import Diagnostics
import Glibc
import Model
import Repository
import Streams
import TestSupport
import Testing

@Suite("Object stores")
struct StoreTests {
    @Test("a store in memory keeps the contract")
    func memory() throws { try ObjectStoreConformance(store: MemoryStore()).run() }

    @Test("a folder keeps the contract")
    func folder() throws {
        let scratch = try ScratchFolder()
        try ObjectStoreConformance(store: FolderStore(path: scratch.path + "/repository")).run()
    }

    @Test("a folder that is missing is never made by reading or writing")
    func missingFolder() throws {
        let scratch = try ScratchFolder()
        let path = scratch.path + "/not-mounted"
        let store = FolderStore(path: path)
        let key = try objectKey("a/b")
        #expect(code { try store.put(key, [1]) } == .repositoryMissing)
        #expect(code { _ = try store.list("") } == .repositoryMissing)
        #expect(code { _ = try store.info(key) } == .repositoryMissing)
        #expect(access(path, F_OK) != 0)
    }

    @Test("files are 0600 and folders 0700, whatever the umask")
    func permissions() throws {
        let scratch = try ScratchFolder()
        let old = umask(0)
        defer { umask(old) }
        let store = FolderStore(path: scratch.path + "/repository")
        try store.prepare()
        try store.put(try objectKey("a/b"), [1])
        try store.replace(try objectKey("a/c"), with: [1])
        for (path, mode) in [("", 0o700), ("/a", 0o700), ("/a/b", 0o600), ("/a/c", 0o600)] as [(String, mode_t)] {
            var facts = stat()
            #expect(lstat(scratch.path + "/repository" + path, &facts) == 0)
            #expect(facts.st_mode & 0o777 == mode, "\(path)")
        }
    }

    @Test("what root makes belongs to whoever owns the repository's folder")
    func owner() throws {
        let scratch = try ScratchFolder()
        let path = scratch.path + "/repository"
        let store = FolderStore(path: path)
        try store.prepare()
        let owner: uid_t = geteuid() == 0 ? 65534 : geteuid()
        try #require(chown(path, owner, getegid()) == 0)
        try store.put(try objectKey("a/b/c"), [1])
        try store.replace(try objectKey("a/d"), with: [1])
        for name in ["/a", "/a/b", "/a/b/c", "/a/d"] {
            var facts = stat()
            #expect(lstat(path + name, &facts) == 0 && facts.st_uid == owner, "\(name)")
        }
    }

    @Test("a symbolic link inside is never followed, neither to read nor to write nor to remove")
    func symbolicLinks() throws {
        let scratch = try ScratchFolder()
        let outside = scratch.path + "/outside"
        mkdir(outside, 0o700)
        let store = FolderStore(path: scratch.path + "/repository")
        try store.prepare()
        symlink(outside, scratch.path + "/repository/a")
        let inside = try objectKey("a/b")
        #expect(code { try store.put(inside, [1]) } == .repositoryStorage)
        #expect(code { _ = try store.info(inside) } == .repositoryStorage)
        #expect(code { try store.remove(inside) } == .repositoryStorage)
        try FolderStore(path: outside).put(try objectKey("secret"), [1])
        symlink(outside + "/secret", scratch.path + "/repository/link")
        let link = try objectKey("link")
        #expect(code { _ = try store.get(link, limit: 10) } == .repositoryStorage)
        #expect(code { _ = try store.info(link) } == .repositoryStorage)
        #expect(code { _ = try store.list("") } == .repositoryStorage)
        #expect(access(outside + "/b", F_OK) != 0)
    }

    @Test("what an abandoned writer left behind is not listed, and is cleared away when it is old")
    func abandoned() throws {
        let scratch = try ScratchFolder()
        let store = FolderStore(path: scratch.path + "/repository")
        try store.prepare()
        try store.put(try objectKey("a/b"), [1])
        let leftover = scratch.path + "/repository/a/.lifeboat-tmp-0011223344556677"
        close(open(leftover, O_CREAT | O_WRONLY, 0o600))
        #expect(try store.list("").map(\.key.text) == ["a/b"])
        try store.removeAbandoned(before: Instant(secondsSinceEpoch: 1_000_000_000))
        #expect(access(leftover, F_OK) == 0)
        try store.removeAbandoned(before: .now + .seconds(60))
        #expect(access(leftover, F_OK) != 0)
        #expect(try store.list("").map(\.key.text) == ["a/b"])
    }

    @Test("the reserve takes real space and gives it back")
    func reserve() throws {
        let scratch = try ScratchFolder()
        let store = FolderStore(path: scratch.path + "/repository")
        try store.prepare()
        try store.keepReserve()
        var facts = stat()
        #expect(lstat(scratch.path + "/repository/.lifeboat-reserve", &facts) == 0)
        #expect(facts.st_blocks * 512 >= 4 << 20)
        #expect(try store.holdsOnly([]))
        try store.releaseReserve()
        try store.releaseReserve()
        #expect(lstat(scratch.path + "/repository/.lifeboat-reserve", &facts) != 0)
    }
}
