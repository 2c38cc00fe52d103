import Glibc
import Streams
import Synchronization
import TestSupport
import Testing

/// I6 where the oracle cannot look: the command lines of every process that runs meanwhile, and what is left in folders.
@Suite("No secret shows on a command line or in a file")
struct SecrecyTests {
    @Test("while a backup, a drill, a verification, a restore and a prune run")
    func commandLines() throws {
        try ProgramWorld.with { world in
            let watch = CommandLineWatch()
            for run in [ProgramWorld.Run.backup, .drill, .verify, .restore, .prune] {
                let answer = try withDatabase(options: "TEMPLATE template0") { target in
                    try world.scene.program(world.line(run, target: target), ProgramWorld.secret)
                }
                #expect(answer.status == 0, "\(answer)")
                let said = Array((answer.output + answer.errors).utf8)
                for breach in world.oracle.exposed(said, in: "what \(run) says") { Issue.record("\(breach)") }
            }
            let lines = watch.end()
            // The watch has to have seen the program and the drill's server, or it has shown nothing.
            #expect(lines.contains { $0.contains("lifeboat") } && lines.contains { $0.contains("postgres") })
            for line in lines {
                for breach in world.oracle.exposed(Array(line.utf8), in: "'\(line)'") { Issue.record("\(breach)") }
            }
            for breach in try world.exposedFiles() { Issue.record("\(breach)") }
        }
    }
}

/// Collects the command line of every process of this machine, until it is told to end.
private final class CommandLineWatch: Sendable {
    private let stop = Stop()
    private let over = Latch(count: 1)
    private let seen = Mutex<Set<String>>([])

    init() {
        startDedicatedThread { [self] in
            while !stop.isRequested {
                for process in Self.processes() {
                    let line = Self.commandLine(of: process)
                    if !line.isEmpty { seen.withLock { _ = $0.insert(line) } }
                }
                usleep(2000)
            }
            over.arrive()
        }
    }

    func end() -> Set<String> {
        stop.request()
        over.wait()
        return seen.withLock { $0 }
    }

    private static func processes() -> [String] {
        guard let folder = opendir("/proc") else { return [] }
        defer { closedir(folder) }
        var found: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.allSatisfy(\.isNumber) { found.append(name) }
        }
        return found
    }

    private static func commandLine(of process: String) -> String {
        guard let stream = fopen("/proc/\(process)/cmdline", "r") else { return "" }
        defer { fclose(stream) }
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        let count = fread(&bytes, 1, bytes.count, stream)
        return String(decoding: bytes[..<count].map { $0 == 0 ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
    }
}

extension ProgramWorld {
    /// Secrets in files of the user's folder other than the keys themselves.
    func exposedFiles() throws -> [Breach] {
        try Directory(scene.folder).entries().filter { $0.kind == .file && !$0.path.hasPrefix("config/lifeboat/") }
            .flatMap {
                let bytes = try FileSource(path: scene.folder + "/" + $0.path).readAll(limit: 64 << 20)
                return oracle.exposed(bytes, in: "the file '\($0.path)'")
            }
    }
}
