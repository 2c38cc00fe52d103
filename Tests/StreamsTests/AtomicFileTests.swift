import Diagnostics
import Glibc
import Synchronization
import Testing

@testable import Streams

@Suite("Atomic files")
struct AtomicFileTests {
    @Test("a file is not visible until it is finished, and then complete, private and alone", arguments: [true, false])
    func visibility(creates: Bool) throws {
        let folder = try ScratchFolder()
        let file = try AtomicFile(path: folder.file("point"), creates ? .create : .replace)
        try file.write(text: "first ")
        try file.write(text: "second")
        #expect(access(file.path, F_OK) != 0)
        #expect(try folder.names().allSatisfy { AtomicFile.isTemporary($0) })
        try file.finish()
        #expect(try folder.names() == ["point"])
        #expect(try folder.text("point") == "first second")
        #expect(file.byteCount == 12)
        var status = stat()
        #expect(stat(file.path, &status) == 0 && status.st_mode & 0o777 == 0o600 && status.st_nlink == 1)
    }

    @Test("creating never touches a file that is there, and leaves nothing behind")
    func createOnly() throws {
        let folder = try ScratchFolder()
        try folder.put("point", "old")
        let file = try AtomicFile(path: folder.file("point"), .create)
        try file.write(text: "new")
        let failure = #expect(throws: Diagnostic.self) { try file.finish() }
        #expect(failure?.code == .objectExists)
        #expect(try folder.text("point") == "old")
        #expect(try folder.names() == ["point"])
    }

    @Test("replacing takes the place of what was there, a link included, and not of what it pointed to")
    func replacing() throws {
        let folder = try ScratchFolder()
        try folder.put("elsewhere", "untouched")
        #expect(symlink("elsewhere", folder.file("point")) == 0)
        #expect(throws: Diagnostic.self) {
            let file = try AtomicFile(path: folder.file("point"), .create)
            try file.finish()
        }
        try folder.put("point", "new")
        #expect(try folder.text("point") == "new")
        #expect(try folder.text("elsewhere") == "untouched")
    }

    @Test("a file that is dropped leaves nothing")
    func dropped() throws {
        let folder = try ScratchFolder()
        do {
            let file = try AtomicFile(path: folder.file("point"), .create)
            try file.write(text: "half")
        }
        #expect(try folder.names().isEmpty)
    }

    @Test("of many that create one name at once, exactly one does")
    func race() throws {
        let folder = try ScratchFolder()
        let path = folder.file("slot")
        let outcome = Mutex((won: 0, lost: 0))
        try runWorkers(
            Array(0..<40),
            workerCount: 4,
            stop: Stop(),
            makeWorker: { _ in 0 },
            body: { _, job in
                let file = try AtomicFile(path: path, .create)
                try file.write(text: "job \(job)")
                do {
                    try file.finish()
                    outcome.withLock { $0.won += 1 }
                } catch let failure as Diagnostic where failure.code == .objectExists {
                    outcome.withLock { $0.lost += 1 }
                }
            },
            finishWorker: { _ in }
        )
        #expect(outcome.withLock { $0 } == (1, 39))
        #expect(try folder.names() == ["slot"])
    }

    @Test("a killed writer leaves no file, only what is known to be temporary")
    func killed() async throws {
        let folder = try ScratchFolder()
        let path = folder.file("point")
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let file = try AtomicFile(path: path, .create)
            try file.write(text: "half")
            kill(getpid(), SIGKILL)
        }
        let names = try folder.names()
        #expect(names.count == 1 && names.allSatisfy { AtomicFile.isTemporary($0) })
        try folder.put("point", "the next attempt")
        #expect(try folder.text("point") == "the next attempt")
    }

    @Test("a file that cannot grow is an error, and leaves nothing")
    func cannotGrow() async throws {
        let folder = try ScratchFolder()
        let path = folder.file("point")
        // A file size limit holds for root too, and needs no privilege; it is the process's, hence the child.
        await #expect(processExitsWith: .success) { [path = path as String] in
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 100_000, rlim_max: 100_000)
            guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { exit(2) }
            let file = try AtomicFile(path: path, .create)
            do {
                for _ in 0..<4 { try file.write(contentsOf: [UInt8](repeating: 7, count: 30_000)) }
                exit(3)
            } catch let failure as Diagnostic {
                guard failure.code == .fileAccess, failure.cause == "file too large",
                    failure.summary == "cannot write '\(path)'"
                else { exit(4) }
            }
            // The part of the last write that fitted must not become a file after all.
            do {
                try file.finish()
                exit(5)
            } catch is Diagnostic {}
            exit(EXIT_SUCCESS)
        }
        #expect(try folder.names().isEmpty)
    }

    @Test("a full disk is called one")
    func fullDisk() throws {
        let full = try Descriptor(open: "/dev/full", O_WRONLY, to: "open")
        let failure = #expect(throws: Diagnostic.self) { try full.writeAll([1, 2, 3].span.bytes) }
        #expect(failure?.code == .repositoryFull)
        #expect(failure?.cause == "no space left on device")
        #expect(failure?.retry == .later)
        #expect(Diagnostic.file("write", "x", errno: EDQUOT).code == .repositoryFull)
    }

    @Test("a missing folder is named, with the system's words")
    func missingFolder() throws {
        let folder = try ScratchFolder()
        let failure = #expect(throws: Diagnostic.self) {
            try AtomicFile(path: folder.file("missing/point"), .create)
        }
        #expect(failure?.code == .fileAccess)
        #expect(failure?.summary == "cannot open the folder '\(folder.path)/missing'")
        #expect(failure?.cause == "no such file or directory")
    }

    @Test("bytes that cannot be made durable are an error")
    func notDurable() throws {
        // A pipe takes bytes but cannot be made durable.
        var ends: [CInt] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        let pipeEnd = try Descriptor(open: "/proc/self/fd/\(ends[1])", O_WRONLY, to: "open")
        let failure = #expect(throws: Diagnostic.self) { try pipeEnd.synchronize() }
        #expect(failure?.code == .fileAccess)
    }
}
