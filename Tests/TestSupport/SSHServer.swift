import Diagnostics
import Glibc
import Streams

/// A real `sshd` on a free port of 127.0.0.1, with a host key, a user key and a folder of its own; ended when dropped.
///
/// Runs as an unprivileged user, who is also the only one it lets in.
package final class SSHServer: Sendable {
    /// Everything of it; the repositories of tests lie in `home`.
    package let folder: String
    package let port: Int
    /// Who logs in.
    package let user: String
    package var home: String { folder + "/home" }
    /// The private key that it takes.
    package var identityFile: String { folder + "/user_key" }
    /// A private key that it takes, and with which nothing can be removed.
    package var writersFile: String { folder + "/writer_key" }
    /// A private key that it does not take.
    package var strangersFile: String { folder + "/stranger_key" }
    package var knownHosts: String { folder + "/known_hosts" }
    private let daemon: Daemon

    /// `@unchecked Sendable`: after the start only its number is read, until the server's end.
    private struct Daemon: @unchecked Sendable {
        let process: ChildProcess
    }

    /// Starts one; `denied` names extensions of SFTP that it is to lack, as `sftp-server -P` wants them.
    package init(denying denied: String? = nil) throws {
        let extra = denied.map { " -P \($0)" } ?? ""
        port = try unusedPort()
        let account = geteuid() == 0 ? PostgresServer.superuser : nil
        user = account ?? String(cString: getpwuid(geteuid()).pointee.pw_name)
        var template = Array("/tmp/lifeboat-ssh.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Self.failure("cannot create a folder", "mkdtemp") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if let account, let entry = getpwnam(account) { chown(folder, entry.pointee.pw_uid, entry.pointee.pw_gid) }
        let prepared = try ChildProcess.run(
            ChildLaunch("/bin/sh", ["-c", Self.preparation, "sh", folder, String(port), extra], user: account)
        )
        guard prepared.ending.isSuccess else { throw Self.failure("cannot prepare sshd", prepared.message) }
        let launch = ChildLaunch(
            "/usr/sbin/sshd",
            ["-D", "-e", "-f", folder + "/sshd_config"],
            user: account,
            signalAtOurDeath: .terminate
        )
        daemon = Daemon(process: try ChildProcess(starting: launch, standardError: .appended(path: folder + "/log")))
        try waitForPort(port, "sshd", log: folder + "/log")
    }

    deinit {
        daemon.process.end([ChildProcess.EndingStep(.terminate, waiting: .seconds(5))])
        _ = try? ChildProcess.run(ChildLaunch("/bin/rm", ["-rf", folder]))
    }

    private static let preparation = """
        set -e
        cd "$1"
        for name in host user writer stranger; do ssh-keygen -q -t ed25519 -N '' -C "$name" -f "${name}_key"; done
        ssh-keygen -q -t ecdsa -N '' -f host_ecdsa_key
        cp user_key.pub authorized_keys
        printf 'command="internal-sftp -d %s/home -P remove" ' "$1" >>authorized_keys
        cat writer_key.pub >>authorized_keys
        mkdir home
        printf '[127.0.0.1]:%s %s\\n' "$2" "$(cut -d' ' -f1,2 host_key.pub)" >known_hosts
        cat >sshd_config <<END
        ListenAddress 127.0.0.1
        Port $2
        HostKey $1/host_ecdsa_key
        HostKey $1/host_key
        AuthorizedKeysFile $1/authorized_keys
        PidFile none
        StrictModes no
        UsePAM no
        PasswordAuthentication no
        Subsystem sftp internal-sftp -d $1/home$3
        MaxStartups 100
        END
        """

    /// `SHA256:…` of the ed25519 host key.
    package func fingerprint() throws -> String {
        let outcome = try ChildProcess.run(ChildLaunch("/usr/bin/ssh-keygen", ["-lf", folder + "/host_key.pub"]))
        return outcome.message.split(separator: " ").dropFirst().first.map(String.init) ?? ""
    }

    /// Ends every connection that is open, and lets new ones in.
    package func cutConnections() throws {
        let script = #"end() { for child in $(pgrep -P "$1"); do (end $child); kill -KILL $child; done; }; end "$1""#
        _ = try ChildProcess.run(ChildLaunch("/bin/sh", ["-c", script, "sh", String(daemon.process.processID)]))
    }

    static func failure(_ what: String, _ cause: String) -> Diagnostic {
        Diagnostic(.scratchCluster, what, cause: redacted(cause), hint: "Run scripts/setup --tests.")
    }
}

/// Waits until somebody listens on a port of 127.0.0.1.
func waitForPort(_ port: Int, _ name: String, log: String) throws {
    let deadline = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < deadline {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if status == 0 { return }
        usleep(20_000)
    }
    let text = (try? FileSource(path: log).readAll(limit: 1 << 16)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    throw SSHServer.failure("\(name) does not listen on port \(port)", text)
}
