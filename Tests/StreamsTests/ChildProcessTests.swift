import Diagnostics
import Glibc
import Streams
import TestSupport
import Testing

@Suite("child processes")
struct ChildProcessTests {
    private static func shell(_ script: String, _ arguments: String..., environment: [String: String]? = nil)
        -> ChildLaunch
    {
        ChildLaunch(
            "/bin/sh",
            ["-c", script, "sh"] + arguments,
            environment: environment ?? ChildLaunch.plainEnvironment
        )
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test("status, output and error output come back")
    func outcome() throws {
        let outcome = try ChildProcess.run(Self.shell("echo out; echo err >&2; exit 3"))
        #expect(outcome.ending == .exited(status: 3))
        #expect(!outcome.ending.isSuccess)
        #expect(Self.text(outcome.standardOutput) == "out\n")
        #expect(Self.text(outcome.standardError) == "err\n")
        #expect(outcome.message == "err\n")
    }

    @Test("arguments arrive as they are: no shell reads them")
    func arguments() throws {
        let hostile = ["$(id)", "a b", "*", "", "'\"", "line\nbreak"]
        let outcome = try ChildProcess.run(ChildLaunch("/usr/bin/printf", ["[%s]"] + hostile))
        #expect(Self.text(outcome.standardOutput) == hostile.map { "[\($0)]" }.joined())
    }

    @Test("input arrives whole, up to a mebibyte, and may be ignored", arguments: [0, 1, 64 << 10, 1 << 20])
    func input(size: Int) throws {
        let input = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(try ChildProcess.run(ChildLaunch("/bin/cat"), input: input, limit: 2 << 20).standardOutput == input)
        #expect(try ChildProcess.run(ChildLaunch("/bin/true"), input: input).ending.isSuccess)
    }

    @Test("output beyond the limit is thrown away, and both outputs may be large at once")
    func limit() throws {
        let outcome = try ChildProcess.run(
            Self.shell("head -c 3000000 /dev/zero & head -c 3000000 /dev/zero >&2; wait"),
            limit: 1000
        )
        #expect(outcome.ending.isSuccess)
        #expect(outcome.standardOutput.count == 1000)
        #expect(outcome.standardError.count == 1000)
    }

    @Test("output goes into a sink piece by piece")
    func sink() throws {
        let sink = MemorySink()
        let outcome = try ChildProcess.run(Self.shell("head -c 300000 /dev/zero; echo note >&2"), output: sink)
        #expect(sink.bytes.count == 300_000)
        #expect(outcome.standardOutput.isEmpty)
        #expect(Self.text(outcome.standardError) == "note\n")
    }

    @Test("nothing of our environment reaches the child")
    func environment() throws {
        setenv("LIFEBOAT_TEST_LEAK", "secret", 1)
        let outcome = try ChildProcess.run(ChildLaunch("/usr/bin/env", environment: ["ONLY": "this"]))
        #expect(Self.text(outcome.standardOutput) == "ONLY=this\n")
    }

    @Test("no open descriptor of ours reaches the child")
    func descriptors() throws {
        let leak = open("/dev/null", O_RDONLY)
        defer { close(leak) }
        let outcome = try ChildProcess.run(ChildLaunch("/bin/ls", ["/proc/self/fd"]))
        // The last one is the folder that ls reads.
        #expect(Self.text(outcome.standardOutput) == "0\n1\n2\n3\n")
    }

    @Test("it starts in the folder named")
    func workingDirectory() throws {
        try withScratchFolder { folder in
            let outcome = try ChildProcess.run(ChildLaunch("/bin/pwd", workingDirectory: folder))
            #expect(Self.text(outcome.standardOutput) == folder + "\n")
        }
    }

    @Test("a program that does not exist is named")
    func missingProgram() {
        let failure = #expect(throws: Diagnostic.self) { try ChildProcess.run(ChildLaunch("/no/such/program")) }
        #expect(failure?.code == .fileAccess)
        #expect(failure?.description.contains("'/no/such/program'") == true)
    }

    @Test("root runs it as another user with that user's groups and nothing of root's; nobody else can")
    func otherUser() throws {
        let launch = ChildLaunch("/usr/bin/id", user: "postgres")
        guard geteuid() == 0 else {
            let refusal = #expect(throws: Diagnostic.self) { try ChildProcess.run(launch) }
            #expect(refusal?.cause == "only root may become another user")
            return
        }
        let outcome = try ChildProcess.run(launch)
        let expected = try ChildProcess.run(ChildLaunch("/usr/bin/id", ["postgres"]))
        #expect(outcome.standardOutput == expected.standardOutput)
        #expect(Self.text(outcome.standardOutput).contains("(postgres)"))
    }

    @Test("an empty network: nothing answers in it, the user stays, and so does the signal at our death")
    func emptyNetwork() throws {
        let user = geteuid() == 0 ? "postgres" : nil
        let best = try EmptyNetwork.find(for: user)
        for way in geteuid() == 0 ? [EmptyNetwork.asRoot, .asAnybody] : [best] {
            // What one program shows of itself, and what lies in its network: a line of headings, and no socket.
            let script = "id -u; readlink /proc/self/ns/net; cat /proc/net/tcp | wc -l; exec setpriv --dump"
            var launch = Self.shell(script)
            launch.user = user
            launch.signalAtOurDeath = .quit
            let ours = try ChildProcess.run(launch)
            launch.network = way
            let theirs = try ChildProcess.run(launch)
            let (before, after) = (Self.lines(ours), Self.lines(theirs))
            try #require(before.count > 3 && after.count > 3, "\(way): \(theirs.message)")
            #expect(after[0] == before[0])
            #expect(after[1] != before[1])
            #expect(after[2] == "1")
            #expect(after.contains("Parent death signal: QUIT"), "\(way): \(after)")
        }
    }

    @Test("a machine that allows no empty network says why")
    func noEmptyNetwork() {
        let refusal = #expect(throws: EmptyNetwork.Refusal.self) {
            try EmptyNetwork.find(for: nil, tool: "/no/such/unshare")
        }
        #expect(refusal?.reason.contains("'/no/such/unshare' (package util-linux) is missing") == true)
    }

    private static func lines(_ outcome: ChildProcess.Outcome) -> [Substring] {
        String(decoding: outcome.standardOutput, as: UTF8.self).split(separator: "\n")
    }

    @Test("a user that does not exist is named")
    func unknownUser() {
        let failure = #expect(throws: Diagnostic.self) {
            try ChildProcess.run(ChildLaunch("/usr/bin/id", user: "no-such-user"))
        }
        #expect(failure?.summary.contains("'no-such-user'") == true)
    }

    @Test("a requested stop ends a child that would go on for ever", .timeLimit(.minutes(1)))
    func stop() throws {
        let stop = Stop()
        let sink = StoppingSink(stop)
        #expect(throws: Stopped.self) {
            try ChildProcess.run(Self.shell("echo ready; exec sleep 600"), output: sink, stop: stop)
        }
    }

    @Test("a requested stop ends even a child that closed its outputs", .timeLimit(.minutes(1)))
    func stopSilent() throws {
        let stop = Stop()
        let sink = StoppingSink(stop)
        #expect(throws: Stopped.self) {
            try ChildProcess.run(Self.shell("echo ready; exec sleep 600 >&- 2>&-"), output: sink, stop: stop)
        }
    }

    @Test("ending goes step by step, and a child that ignores every step is killed", .timeLimit(.minutes(1)))
    func ending() throws {
        let polite = try ChildProcess(starting: ChildLaunch("/bin/sleep", ["600"]))
        #expect(polite.endingIfOver() == nil)
        #expect(polite.end() == .killed(signal: SIGTERM))
        #expect(polite.wait() == .killed(signal: SIGTERM))

        try withScratchFolder { folder in
            let stubborn = try ChildProcess(
                starting: Self.shell("trap '' TERM INT; echo ready; while :; do sleep 1; done"),
                standardOutput: .appended(path: folder + "/out")
            )
            while try fileSize(folder + "/out") == 0 { sched_yield() }
            let steps = [ChildProcess.EndingStep(.interrupt, waiting: .milliseconds(20))]
            #expect(stubborn.end(steps) == .killed(signal: SIGKILL))
        }
    }

    @Test("a child that nobody holds any more is killed and leaves no zombie")
    func dropped() throws {
        var child: ChildProcess? = try ChildProcess(starting: ChildLaunch("/bin/sleep", ["600"]))
        let processID = try #require(child).processID
        child = nil
        #expect(kill(processID, 0) == -1 && errno == ESRCH)
    }

    @Test("a child bound to our death outlives the thread that started it", .timeLimit(.minutes(1)))
    func outlivesThread() async throws {
        let processID = try await onDedicatedThread {
            // Kept alive past the thread's end on purpose; ended below.
            let child = try ChildProcess(starting: ChildLaunch("/bin/sleep", ["600"], signalAtOurDeath: .kill))
            return Unmanaged.passRetained(child).toOpaque().address
        }
        let raw = try #require(UnsafeMutableRawPointer(bitPattern: processID))
        let child = Unmanaged<ChildProcess>.fromOpaque(raw).takeRetainedValue()
        #expect(child.wait(atMost: .milliseconds(300)) == nil)
        #expect(child.end() == .killed(signal: SIGTERM))
    }
}

/// Asks for a stop as soon as it is given anything.
private final class StoppingSink: ByteSink {
    private let stop: Stop
    init(_ stop: Stop) { self.stop = stop }
    func write(_ bytes: RawSpan) { stop.request() }
    func finish() {}
}

private func fileSize(_ path: String) throws -> Int {
    var status = stat()
    try #require(stat(path, &status) == 0)
    return status.st_size
}

extension UnsafeMutableRawPointer {
    fileprivate var address: Int { Int(bitPattern: self) }
}
