import Diagnostics
import Glibc
import Model
import Repository
import SecureShell
import Streams
import TestSupport
import Testing

extension SSHServer {
    /// A place on this server that lets the test in.
    func place(_ name: String = "repository") -> SFTPPlace {
        SFTPPlace(
            endpoint: SSHEndpoint(host: "127.0.0.1", port: port, user: user),
            pin: .knownHosts([knownHosts]),
            login: SSHLogin(identityFile: identityFile),
            path: "\(home)/\(name)"
        )
    }

    func store(_ name: String = "repository") -> SFTPStore { SFTPStore(place(name), url: "sftp://127.0.0.1/\(name)") }
}

@Suite("A folder behind SFTP")
struct SFTPStoreTests {
    @Test("a folder on a real sshd keeps the contract, and syncs what it stores")
    func conformance() throws {
        let server = try SSHServer()
        let store = server.store()
        try ObjectStoreConformance(store: store).run()
        #expect(store.capabilities == StoreCapabilities(createsExclusively: true, isDurable: true))
        #expect(try store.freeBytes() ?? 0 > 0)
        // Nothing hidden is left behind, and the same folder opens as a folder too.
        let names = try Directory("\(server.home)/repository").entries().map(\.path)
        #expect(!names.contains { $0.contains("/.") || $0.hasPrefix(".") }, "\(names)")
        #expect(try FolderStore(path: "\(server.home)/repository").list("").map(\.key) == store.list("").map(\.key))
    }

    @Test("a folder in the user's home is found by its relative path")
    func relative() throws {
        let server = try SSHServer()
        var place = server.place()
        place.path = "inside"
        let store = SFTPStore(place, url: "sftp://127.0.0.1/~/inside")
        try store.prepare()
        try store.put(try objectKey("a/b"), [1])
        #expect(try store.get(try objectKey("a/b"), limit: 1) == [1])
        #expect(access("\(server.home)/inside/a/b", F_OK) == 0)
    }

    @Test("two stores that create one object at once have one winner, a hundred times")
    func races() throws {
        let server = try SSHServer()
        let stores = [server.store(), server.store()]
        try stores[0].prepare()
        let stop = Stop()
        for round in 0..<100 {
            let key = try objectKey("races/\(round)")
            try runWorkers([0, 1], workerCount: 2, stop: stop, makeWorker: { $0 }) { (_: inout Int, index: Int) in
                do {
                    try stores[index].put(key, [UInt8(index)])
                    try stores[index].put(try objectKey("won/\(round)-\(index)"), [UInt8(index)])
                } catch let error as Diagnostic where error.code == .objectExists {}
            } finishWorker: { _ in
            }
        }
        let winners = try stores[0].list("won")
        #expect(winners.count == 100)
        for winner in winners {
            let round = winner.key.components[1].split(separator: "-")
            #expect(try stores[1].get(try objectKey("races/\(round[0])"), limit: 1) == [UInt8(round[1]) ?? 9])
        }
    }

    @Test("whoever reads while an object is replaced sees the old one or the new one, never neither")
    func replacing() throws {
        let server = try SSHServer()
        let (writer, reader) = (server.store(), server.store())
        try writer.prepare()
        let key = try objectKey("sessions/one")
        try writer.replace(key, with: [UInt8](repeating: 0, count: 5000))
        let stop = Stop()
        try runWorkers([0, 1], workerCount: 2, stop: stop, makeWorker: { $0 }) { (_: inout Int, index: Int) in
            for round in 1...60 {
                if index == 0 {
                    try writer.replace(key, with: [UInt8](repeating: UInt8(round), count: 5000))
                } else {
                    let bytes = try reader.get(key, limit: 5000)
                    #expect(bytes.count == 5000 && Set(bytes).count == 1)
                    #expect(try reader.list("sessions").map(\.key) == [key])
                }
            }
        } finishWorker: { _ in
        }
    }

    @Test("a folder that is missing is never made by reading or writing")
    func missingFolder() throws {
        let server = try SSHServer()
        let store = server.store("not-mounted")
        let key = try objectKey("a/b")
        #expect(code { try store.put(key, [1]) } == .repositoryMissing)
        #expect(code { _ = try store.list("") } == .repositoryMissing)
        #expect(code { _ = try store.info(key) } == .repositoryMissing)
        #expect(code { try store.remove(key) } == .repositoryMissing)
        #expect(access("\(server.home)/not-mounted", F_OK) != 0)
        #expect(code { try server.store("no/parent").prepare() } == .repositoryMissing)
    }

    @Test("files are 0600 and folders 0700, and a link inside is an error")
    func permissions() throws {
        let server = try SSHServer()
        let store = server.store()
        try store.prepare()
        try store.put(try objectKey("a/b"), [1])
        for (path, mode) in [("", 0o700), ("/a", 0o700), ("/a/b", 0o600)] as [(String, mode_t)] {
            var facts = stat()
            #expect(lstat("\(server.home)/repository\(path)", &facts) == 0)
            #expect(facts.st_mode & 0o777 == mode, "\(path)")
        }
        symlink("/etc/passwd", "\(server.home)/repository/a/link")
        #expect(code { _ = try store.list("a") } == .repositoryStorage)
        #expect(code { _ = try store.info(try objectKey("a/link")) } == .repositoryStorage)
    }

    @Test("what interrupted writers left is cleared away, and nothing else")
    func abandoned() throws {
        let server = try SSHServer()
        let store = server.store()
        try store.prepare()
        try store.put(try objectKey("a/b"), [1])
        try store.put(try objectKey("a/c"), [1])
        rename("\(server.home)/repository/a/c", "\(server.home)/repository/a/.lifeboat-tmp-0011")
        try store.removeAbandoned(before: Instant(secondsSinceEpoch: 1))
        #expect(access("\(server.home)/repository/a/.lifeboat-tmp-0011", F_OK) == 0)
        try store.removeAbandoned(before: .now + .seconds(60))
        #expect(access("\(server.home)/repository/a/.lifeboat-tmp-0011", F_OK) != 0)
        #expect(try store.list("").map(\.key.text) == ["a/b"])
    }

    @Test("a cut connection fails what was under way, leaves no object, and the next call connects again")
    func cut() throws {
        let server = try SSHServer()
        let store = server.store()
        try store.prepare()
        let key = try objectKey("a/big")
        let writer = try store.create(key)
        try writer.write(contentsOf: [UInt8](repeating: 1, count: 1 << 20))
        try server.cutConnections()
        let error = #expect(throws: Diagnostic.self) {
            try writer.write(contentsOf: [UInt8](repeating: 1, count: 1 << 20))
            try writer.finish()
        }
        #expect(error?.code == .repositoryUnreachable && error?.retry == .later)
        #expect(try store.info(key) == nil)
        try store.put(key, [UInt8](repeating: 2, count: 1 << 20))
        let reader = try store.read(key, range: nil)
        try server.cutConnections()
        let lost = #expect(throws: Diagnostic.self) {
            let bytes = try reader.readAll(limit: 1 << 20)
            Issue.record("read \(bytes.count) bytes")
        }
        #expect(lost?.code == .repositoryUnreachable)
        #expect(try store.get(key, limit: 1 << 20).count == 1 << 20)
    }
}

@Suite("Servers that cannot do everything")
struct PoorSFTPServerTests {
    @Test("a server that cannot sync keeps the contract, and is recorded as not durable")
    func noSync() throws {
        let server = try SSHServer(denying: "fsync")
        defer { withExtendedLifetime(server) {} }
        let store = server.store()
        try ObjectStoreConformance(store: store).run()
        #expect(store.capabilities == StoreCapabilities(createsExclusively: true, isDurable: false))
    }

    @Test("a server without hard links is refused: creating could overwrite")
    func noLinks() throws {
        let server = try SSHServer(denying: "hardlink")
        let store = server.store()
        try store.prepare()
        let error = #expect(throws: Diagnostic.self) { try store.put(try objectKey("a/b"), [1]) }
        #expect(error?.code == .repositoryStorage && error?.cause?.contains("hard links") == true)
        #expect(try store.list("").isEmpty)
        #expect(code { _ = try Scene(server.store()) } == .repositoryStorage)
    }

    @Test("a server that cannot replace in one step is refused")
    func noReplacing() throws {
        let server = try SSHServer(denying: "posix-rename")
        defer { withExtendedLifetime(server) {} }
        let store = server.store()
        try store.prepare()
        let error = #expect(throws: Diagnostic.self) { try store.replace(try objectKey("sessions/a"), with: [1]) }
        #expect(error?.code == .repositoryStorage && error?.cause?.contains("posix-rename") == true)
        #expect(try store.list("").isEmpty)
    }

    @Test("free space is unknown where the server does not tell it")
    func noSpace() throws {
        let server = try SSHServer(denying: "statvfs")
        defer { withExtendedLifetime(server) {} }
        let store = server.store()
        try store.prepare()
        #expect(try store.freeBytes() == nil)
    }
}

@Suite("Whom an SFTP store trusts and what it shows")
struct SFTPTrustTests {
    @Test("the host key is pinned by file, fingerprint or key, whichever type the server would rather show")
    func pins() throws {
        let server = try SSHServer()
        try server.store().prepare()
        let text = try FileSource(path: server.folder + "/host_key.pub").readAll(limit: 1000)
        for pin in [
            HostKeyPin.knownHosts([server.knownHosts]), .fingerprint(try server.fingerprint()),
            try #require(HostKeyPin(text: String(decoding: text, as: UTF8.self))),
        ] {
            var place = server.place()
            place.pin = pin
            #expect(try SFTPStore(place, url: "sftp://h/a").list("").isEmpty, "\(pin)")
        }
    }

    @Test("a hashed name in known_hosts is found")
    func hashed() throws {
        let server = try SSHServer()
        try server.store().prepare()
        let outcome = try ChildProcess.run(ChildLaunch("/usr/bin/ssh-keygen", ["-H", "-f", server.knownHosts]))
        #expect(outcome.ending.isSuccess)
        #expect(try server.store().list("").isEmpty)
    }

    @Test("another key, or none that is known, is refused before anything is said, and the fingerprint is shown")
    func strangers() throws {
        let server = try SSHServer()
        let other = try SSHServer()
        let fingerprint = try server.fingerprint()
        for pin in [
            HostKeyPin.knownHosts(["/nonexistent"]), .knownHosts([other.knownHosts]),
            .fingerprint(try other.fingerprint()),
        ] {
            var place = server.place()
            place.pin = pin
            let error = #expect(throws: Diagnostic.self) { _ = try SFTPStore(place, url: "sftp://h/a").list("") }
            #expect(error?.code == .repositoryAccess && error?.hint != nil)
            #expect(error?.cause?.contains("SHA256:") == true, "\(pin): \(String(describing: error))")
        }
        // The same name with another key of the same type: what a server in between would show.
        let forged = server.folder + "/forged"
        let script = #"printf '[127.0.0.1]:%s %s\n' "$2" "$(cut -d' ' -f1,2 "$1/user_key.pub")" >"$1/forged""#
        _ = try ChildProcess.run(ChildLaunch("/bin/sh", ["-c", script, "sh", server.folder, String(server.port)]))
        var place = server.place()
        place.pin = .knownHosts([forged])
        let error = #expect(throws: Diagnostic.self) { _ = try SFTPStore(place, url: "sftp://h/a").list("") }
        #expect(error?.summary.contains("another host key") == true)
        #expect(error?.cause?.contains(fingerprint) == true)
    }

    @Test("a key that the server does not take is refused, and what was shown is said")
    func login() throws {
        let server = try SSHServer()
        for login in [SSHLogin(identityFile: server.strangersFile), SSHLogin(usualFiles: ["/nonexistent"])] {
            var place = server.place()
            place.login = login
            let error = #expect(throws: Diagnostic.self) { _ = try SFTPStore(place, url: "sftp://h/a").list("") }
            #expect(error?.code == .repositoryAccess && error?.cause != nil && error?.hint != nil)
        }
        var place = server.place()
        place.login = SSHLogin(identityFile: server.folder + "/no_key")
        #expect(code { _ = try SFTPStore(place, url: "sftp://h/a").list("") } == .repositoryAccess)
        place.login = SSHLogin(usualFiles: [server.strangersFile, server.identityFile])
        #expect(code { _ = try SFTPStore(place, url: "sftp://h/a").list("") } == .repositoryMissing)
    }

    @Test("the agent's keys are shown")
    func agent() throws {
        let server = try SSHServer()
        let socket = server.folder + "/agent"
        let agent = try ChildProcess(
            starting: ChildLaunch("/usr/bin/ssh-agent", ["-D", "-a", socket], signalAtOurDeath: .terminate)
        )
        let script =
            #"for n in 1 2 3 4 5 6 7 8 9; do SSH_AUTH_SOCK=$1 ssh-add -q "$2" && exit 0; sleep 0.2; done; exit 1"#
        let added = try ChildProcess.run(ChildLaunch("/bin/sh", ["-c", script, "sh", socket, server.identityFile]))
        try #require(added.ending.isSuccess, "\(added.message)")
        var place = server.place()
        place.login = SSHLogin(agentSocket: socket)
        #expect(code { _ = try SFTPStore(place, url: "sftp://h/a").list("") } == .repositoryMissing)
        _ = agent
    }

    @Test("a port where nobody listens is unreachable")
    func unreachable() throws {
        let server = try SSHServer()
        var place = server.place()
        place.endpoint.port = try unusedPort()
        let error = #expect(throws: Diagnostic.self) { _ = try SFTPStore(place, url: "sftp://h/a").list("") }
        #expect(error?.code == .repositoryUnreachable && error?.retry == .later)
    }
}
