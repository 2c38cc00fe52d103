import Glibc
import PostgresClient
import Streams
import TestSupport
import Testing

extension Scene {
    /// Follows the guide to its end, and expects that it says nothing but that it restored.
    func recover(
        into target: ConnectionSettings,
        identity: String? = nil,
        _ more: [String: String] = [:]
    ) throws {
        let outcome = try followGuide(into: target, identity: identity, more)
        try #require(outcome.ending.isSuccess, "\(outcome.message)")
        #expect(String(decoding: outcome.standardOutput, as: UTF8.self).hasSuffix("restored\n"))
        #expect(outcome.standardError.isEmpty, "\(outcome.message)")
        #expect(access("/tmp/lifeboat-guide-was-here", F_OK) != 0, "a name was taken for a command")
    }

    /// Runs the blocks of the guide, one after the other in one bash, with only the programs that it names, and sees that
    /// nothing of what it decrypted stays.
    func followGuide(
        into target: ConnectionSettings,
        identity: String? = nil,
        _ more: [String: String] = [:]
    ) throws -> ChildProcess.Outcome {
        let guide = try FileSource(path: repository + "/RECOVERY.md").readAll(limit: 1 << 20)
        let script = shellBlocks(String(decoding: guide, as: UTF8.self))
        try #require(script.contains("psql"))
        let path = folder + "/recover.sh"
        let file = try AtomicFile(path: path, .replace)
        try file.write(text: script)
        try file.finish()
        let temporary = Directory(folder + "/temporary")
        if !temporary.exists { try temporary.create() }
        let variables = [
            "PATH": try toolsAlone(), "LC_ALL": "C.UTF-8", "HOME": folder, "TMPDIR": temporary.path,
            "REPO": repository, "IDENTITY": identity ?? folder + "/config/lifeboat/operator.identity",
            "TARGET": target.words,
        ]
        let environment = variables.merging(more) { $1 }
        let outcome = try ChildProcess.run(ChildLaunch("/bin/bash", [path], environment: environment), limit: 1 << 20)
        #expect(try temporary.entries().isEmpty, "the guide left something behind")
        return outcome
    }

    /// What stands between the fences of the guide's shell blocks.
    private func shellBlocks(_ guide: String) -> String {
        var isInside = false
        var lines: [Substring] = []
        for line in guide.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                isInside = line == "```bash"
            } else if isInside {
                lines.append(line)
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A folder with the programs that the guide asks for, and no others.
    private func toolsAlone() throws -> String {
        let folder = folder + "/tools"
        try Directory(folder).create()
        let psql = try PostgresMajor.v15.binaries() + "/psql"
        let programs =
            ["age", "zstd", "tar", "jq", "find", "grep", "sed"]
            + ["base64", "cat", "cut", "dd", "head", "mktemp", "rm", "sha256sum", "sort", "tail", "wc"]
        for (program, path) in programs.map({ ($0, "/usr/bin/" + $0) }) + [("psql", psql)] {
            #expect(access(path, X_OK) == 0, "'\(path)' is missing; run scripts/setup --tests")
            guard symlink(path, folder + "/" + program) == 0 || errno == EEXIST else { continue }
        }
        return folder
    }
}
