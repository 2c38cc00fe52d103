import Streams
import TestSupport
import Testing

/// The shim of `Tests/Shim/faultline.c`, compiled once per test process: makes the n-th system call of the program fail.
struct Faultline {
    enum Mode: String, CaseIterable {
        case inputOutput = "EIO"
        case noSpace = "ENOSPC"
        case denied = "EACCES"
        case interrupted = "EINTR"
        case short
        case killBefore = "kill-before"
        case killAfter = "kill-after"

        var kills: Bool { self == .killBefore || self == .killAfter }
    }

    /// What the shim wrote down.
    struct Log {
        /// How many calls there were; nil when the program was killed.
        var calls: Int?
        /// The call that failed; nil when the program made fewer calls.
        var failed: String?
    }

    private let library: String
    private let log: String

    /// Compiles the shim into `folder`.
    init(in folder: String) throws {
        library = folder + "/faultline.so"
        log = folder + "/faultline.log"
        let source = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(
            separator: "/"
        )
        let line = ["-shared", "-fPIC", "-O1", "-o", library, source + "/Shim/faultline.c", "-ldl"]
        let outcome = try ChildProcess.run(ChildLaunch("/usr/bin/gcc", line))
        try #require(outcome.ending.isSuccess, "\(outcome.message)")
    }

    /// The environment in which call `number` fails; 0 only counts.
    func environment(_ mode: Mode, at number: Int, sticky: Bool = false) throws -> [String: String] {
        _ = try Directory.removeFile(log)
        var environment = [
            "LD_PRELOAD": library, "FAULTLINE_PROGRAM": "lifeboat", "FAULTLINE_AT": "\(number)",
            "FAULTLINE_MODE": mode.rawValue, "FAULTLINE_LOG": log, "FAULTLINE_SCOPE": mode.kills ? "state" : "all",
        ]
        if sticky { environment["FAULTLINE_STICKY"] = "1" }
        return environment
    }

    /// What happened in the last run.
    func readLog() -> Log {
        let bytes = (try? FileSource(path: log).readAll(limit: 1 << 16)) ?? []
        var found = Log()
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            if words.count == 3, words[0] == "calls" { found.calls = Int(words[2]) }
            if words.count == 3, words[0] == "failed" { found.failed = words[1] }
        }
        return found
    }
}
