import Diagnostics
import Glibc
import Streams

/// An SFTP server (rclone's) that takes a password and no key, and that makes no hard links; ended when dropped.
///
/// An `sshd` of an unprivileged user cannot check passwords.
package final class PasswordServer: Sendable {
    package static let user = "keeper"
    package static let password = "correct horse"

    package let port: Int
    /// `SHA256:…` of its host key.
    package let fingerprint: String
    private let folder: String
    private let daemon: Daemon

    /// `@unchecked Sendable`: after the start it is touched at the end only.
    private struct Daemon: @unchecked Sendable {
        let process: ChildProcess
    }

    package init() throws {
        port = try unusedPort()
        var template = Array("/tmp/lifeboat-password.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SSHServer.failure("cannot create a folder", "mkdtemp") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let account = geteuid() == 0 ? PostgresServer.superuser : nil
        if let account, let entry = getpwnam(account) { chown(folder, entry.pointee.pw_uid, entry.pointee.pw_gid) }
        let script = "cd \"$1\" && mkdir home && ssh-keygen -q -t ed25519 -N '' -f key && ssh-keygen -lf key.pub"
        let prepared = try ChildProcess.run(ChildLaunch("/bin/sh", ["-c", script, "sh", folder], user: account))
        let words = String(decoding: prepared.standardOutput, as: UTF8.self).split(separator: " ")
        guard prepared.ending.isSuccess, words.count > 1 else {
            throw SSHServer.failure("cannot prepare the server", prepared.message)
        }
        fingerprint = String(words[1])
        let arguments = [
            "serve", "sftp", "--addr", "127.0.0.1:\(port)", "--user", Self.user, "--pass", Self.password,
            "--key", folder + "/key", "--config", "/dev/null", "--vfs-cache-mode", "writes", folder + "/home",
        ]
        let launch = ChildLaunch(
            try S3Server.installation() + "/bin/rclone",
            arguments,
            user: account,
            workingDirectory: folder,
            signalAtOurDeath: .terminate
        )
        daemon = Daemon(process: try ChildProcess(starting: launch, standardError: .appended(path: folder + "/log")))
        try waitForPort(port, "rclone", log: folder + "/log")
    }

    deinit {
        daemon.process.end([ChildProcess.EndingStep(.terminate, waiting: .seconds(5))])
        _ = try? ChildProcess.run(ChildLaunch("/bin/rm", ["-rf", folder]))
    }
}
