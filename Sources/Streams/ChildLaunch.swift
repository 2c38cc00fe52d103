import Diagnostics
import Glibc

/// Which program to start and the whole world it sees.
package struct ChildLaunch: Sendable {
    /// Where one of the child's outputs goes.
    package enum File: Sendable {
        case nowhere
        /// Appended to; created with mode 0600 by us, before the child becomes another user.
        case appended(path: String)
    }

    /// The program's path; no search is done.
    package var executable: String
    package var arguments: [String]
    /// All of the environment.
    ///
    /// Start from `ChildLaunch.plainEnvironment` and add.
    package var environment: [String: String]
    /// The user to run as; nil or our own name changes nothing.
    ///
    /// Another one needs root.
    package var user: String?
    package var workingDirectory: String?
    /// What the kernel sends the child when this process dies, however it dies.
    ///
    /// Not needed for children that are waited for on the spot.
    package var signalAtOurDeath: ChildSignal?
    /// An empty network to run in; nil for ours.
    package var network: EmptyNetwork?

    /// Creates a launch.
    package init(
        _ executable: String,
        _ arguments: [String] = [],
        environment: [String: String] = ChildLaunch.plainEnvironment,
        user: String? = nil,
        workingDirectory: String? = nil,
        signalAtOurDeath: ChildSignal? = nil,
        network: EmptyNetwork? = nil
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.user = user
        self.workingDirectory = workingDirectory
        self.signalAtOurDeath = signalAtOurDeath
        self.network = network
    }

    /// A search path and untranslated messages, and nothing of ours: no `PG*`, no keys.
    package static let plainEnvironment = [
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC",
    ]

    /// The program's name without its folder.
    private var name: String { executable.split(separator: "/").last.map(String.init) ?? executable }
}

// MARK: Another user, and our death

extension ChildLaunch {
    /// The command line that is really executed: the program itself, or util-linux's `setpriv` and `unshare` in front of it.
    ///
    /// They replace themselves with what they start, so the process we know is the program; `runuser` would stay in
    /// between as a parent and open a PAM session. Both are on every Debian. The signal at our death comes last, for the
    /// kernel forgets it when a process becomes another user.
    func commandLine() throws -> [String] {
        let line = inDirectory([executable] + arguments)
        let identity = try identityOptions()
        let death = signalAtOurDeath.map { ["--pdeathsig", $0.rawValue] } ?? []
        switch network {
        case nil: return try setpriv(identity + death) + line
        case .asRoot?: return EmptyNetwork.asRoot.words + (try setpriv(identity + death)) + line
        case .asAnybody?: return try setpriv(identity) + EmptyNetwork.asAnybody.words + setpriv(death) + line
        }
    }

    /// The options of `setpriv` that make the child another user; none when it is to be ours.
    private func identityOptions() throws -> [String] {
        guard let user, case let account = try Account(named: user, for: name), account.userID != geteuid() else {
            return []
        }
        guard geteuid() == 0 else {
            throw Diagnostic(
                .fileAccess,
                "cannot run '\(name)' as user '\(user)'",
                cause: "only root may become another user",
                hint: "Run lifeboat as root or as '\(user)'."
            )
        }
        return ["--reuid=\(account.userID)", "--regid=\(account.groupID)", "--init-groups"]
    }

    private func setpriv(_ options: [String]) throws -> [String] {
        guard !options.isEmpty else { return [] }
        let places = ["/usr/bin/setpriv", "/bin/setpriv"]
        guard let setpriv = places.first(where: { access($0, X_OK) == 0 }) else {
            throw Diagnostic(
                .serverBinariesMissing,
                "cannot run '\(name)' as it should be",
                cause: "the program 'setpriv' is missing",
                hint: "Install the package util-linux."
            )
        }
        return [setpriv] + options + ["--"]
    }

    /// The command line, started in its folder by coreutils' `env`: Glibc shows `posix_spawn`'s own way only to GNU
    /// programs.
    ///
    /// Another user gets `/` when nothing is said, since our folder may be closed to it, and programs stumble over
    /// that.
    private func inDirectory(_ line: [String]) -> [String] {
        guard let directory = workingDirectory ?? (isOtherUser ? "/" : nil) else { return line }
        return ["/usr/bin/env", "--chdir=" + directory] + line
    }

    private var isOtherUser: Bool { user != nil && geteuid() == 0 }
}

private struct Account {
    let userID: uid_t
    let groupID: gid_t

    init(named name: String, for program: String) throws {
        var record = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var texts = [CChar](repeating: 0, count: 16 << 10)
        let status = getpwnam_r(name, &record, &texts, texts.count, &found)
        guard status == 0, found != nil else {
            throw Diagnostic(
                .settingsInvalid,
                "cannot run '\(program)' as user '\(name)'",
                cause: "there is no such user",
                hint: "Name a user that exists on this machine."
            )
        }
        userID = record.pw_uid
        groupID = record.pw_gid
    }
}

// MARK: Spawning

/// The three descriptors a child starts with.
struct StandardFiles: Sendable {
    var input: Int32
    var output: Int32
    var error: Int32

    func close() {
        for descriptor in Set([input, output, error]) { _ = Glibc.close(descriptor) }
    }
}

extension ChildLaunch {
    func openStandardFiles(output: File, error: File) throws -> StandardFiles {
        let input = try open(.nowhere)
        do {
            let output = try open(output)
            do {
                return StandardFiles(input: input, output: output, error: try open(error))
            } catch {
                close(output)
                throw error
            }
        } catch {
            close(input)
            throw error
        }
    }

    private func open(_ file: File) throws -> Int32 {
        let (path, flags) =
            switch file {
            case .nowhere: ("/dev/null", O_RDWR | O_CLOEXEC)
            case .appended(let path): (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC)
            }
        let descriptor = Glibc.open(path, flags, 0o600)
        guard descriptor >= 0 else {
            throw Diagnostic(.fileAccess, "cannot write '\(path)'", cause: String(cString: strerror(errno)))
        }
        return descriptor
    }

    /// Starts the program; the caller keeps its descriptors and owes a `waitpid`.
    func spawn(_ files: StandardFiles) throws -> pid_t {
        let line = try commandLine()
        guard signalAtOurDeath != nil else { return try spawn(line, files) }
        // The kernel means the death of the *thread* that started the child, so one that never ends has to do it.
        return try EternalThread.shared.run { try spawn(line, files) }
    }

    private func spawn(_ line: [String], _ files: StandardFiles) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, files.input, 0)
        posix_spawn_file_actions_adddup2(&actions, files.output, 1)
        posix_spawn_file_actions_adddup2(&actions, files.error, 2)
        // Closing one that has gone meanwhile is not an error; one that comes meanwhile is opened with O_CLOEXEC.
        for descriptor in openDescriptors() where descriptor > 2 {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        // A group of its own: Ctrl-C in a terminal is for us, and we decide how children end.
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | Int32(POSIX_SPAWN_SETPGROUP)
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var processID: pid_t = 0
        let status = withCStrings(line) { arguments in
            withCStrings(environment.map { "\($0)=\($1)" }.sorted()) { environment in
                posix_spawn(&processID, line[0], &actions, &attributes, arguments, environment)
            }
        }
        guard status == 0 else {
            throw Diagnostic(
                .fileAccess,
                "cannot run '\(executable)'",
                cause: String(cString: strerror(status))
            )
        }
        return processID
    }
}

/// Lends strings as the nil-terminated array that exec wants.
private func withCStrings<Result>(
    _ texts: [String],
    _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    let copies: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    return copies.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("the array ends with a nil and is never empty") }
        return body(base)
    }
}

/// The descriptors that are open in this process right now.
private func openDescriptors() -> [Int32] {
    guard let folder = opendir("/proc/self/fd") else { return [] }
    defer { closedir(folder) }
    let own = dirfd(folder)
    var descriptors: [Int32] = []
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if let number = Int32(name), number != own { descriptors.append(number) }
    }
    return descriptors
}
