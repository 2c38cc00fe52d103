import Diagnostics
import Glibc
import Repository
import SecureShell
import Settings

/// How to reach a folder behind SFTP: what the settings say, then the environment, then the user's own SSH files.
struct SFTPAccess {
    let location: SFTPLocation
    let limits: TransferLimits
    let environment: [String: String]

    /// The place, with everything that was left out filled in; throws for a variable or a key that makes no sense.
    func place() throws -> SFTPPlace {
        let user = location.user ?? getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "root"
        let place = SFTPPlace(
            endpoint: SSHEndpoint(host: location.host, port: location.port ?? 22, user: user),
            pin: try pin(),
            login: SSHLogin(
                identityFile: location.identityFile ?? variable("LIFEBOAT_SFTP_IDENTITY"),
                agentSocket: variable("SSH_AUTH_SOCK"),
                usualFiles: ["id_ed25519", "id_ecdsa", "id_rsa"].compactMap { inHome(".ssh/\($0)") },
                password: try location.passwordVariable.map(password)
            ),
            path: location.path
        )
        guard let connections = limits.connections else { return place }
        var narrowed = place
        narrowed.connections = connections
        return narrowed
    }

    private func pin() throws -> HostKeyPin {
        if let file = location.knownHosts { return .knownHosts([file]) }
        if let text = location.hostKey ?? variable("LIFEBOAT_SFTP_HOST_KEY") {
            guard let pin = HostKeyPin(text: text) else {
                throw Diagnostic(
                    .usage,
                    "LIFEBOAT_SFTP_HOST_KEY holds no host key",
                    hint: "Set it to what 'ssh-keygen -lf' prints of the server's public key: SHA256:…"
                )
            }
            return pin
        }
        if let file = variable("LIFEBOAT_SFTP_KNOWN_HOSTS") { return .knownHosts([file]) }
        return .knownHosts([inHome(".ssh/known_hosts"), "/etc/ssh/ssh_known_hosts"].compactMap(\.self))
    }

    private func password(_ name: String) throws -> String {
        guard let password = variable(name) else {
            throw Diagnostic(
                .settingsMissing,
                "the environment variable '\(name)' is not set",
                cause: "passwordEnv of '\(location.text)' names it",
                hint: "Export it with the password, or use a key."
            )
        }
        return password
    }

    private func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }

    private func inHome(_ path: String) -> String? { environment["HOME"].map { "\($0)/\(path)" } }
}
