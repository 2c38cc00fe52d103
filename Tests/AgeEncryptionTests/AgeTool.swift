import Glibc
import Testing

/// The reference programs `age` and `age-keygen`, run on the files of a scratch folder that goes with the value.
struct AgeTool: ~Copyable {
    struct Result {
        var status: Int32
        var output: String
    }

    private let folder: String

    init() throws {
        var template = Array("/tmp/lifeboat-age-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        if let listing = opendir(folder) {
            while let entry = readdir(listing) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                unlink(path(name))
            }
            closedir(listing)
        }
        rmdir(folder)
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func write(_ bytes: [UInt8], to name: String) throws {
        let file = try #require(fopen(path(name), "w"))
        defer { fclose(file) }
        try #require(fwrite(bytes, 1, bytes.count, file) == bytes.count)
    }

    func read(_ name: String) throws -> [UInt8] {
        let file = try #require(fopen(path(name), "r"), "'\(name)' was not written")
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&piece, 1, piece.count, file), count > 0 { bytes += piece[..<count] }
        return bytes
    }

    /// Runs a program of the search path and waits; both its outputs come back together.
    func run(_ arguments: [String], input: String = "") throws -> Result {
        try write(Array(input.utf8), to: "stdin")
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, path("stdin"), O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, path("stdout"), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var words = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process = pid_t()
        let started = posix_spawnp(&process, arguments[0], &actions, nil, &words, environ)
        try #require(started == 0, "cannot start '\(arguments[0])': \(String(cString: strerror(started)))")
        var status: Int32 = 0
        try #require(waitpid(process, &status, 0) == process)
        return Result(status: status, output: String(decoding: try read("stdout"), as: UTF8.self))
    }

    /// Runs `command` on a terminal of its own and types `input` there: `age` asks a terminal for passphrases.
    func runOnTerminal(_ command: String, typing input: String) throws -> Result {
        try run(["script", "-qec", command, "/dev/null"], input: input)
    }
}
