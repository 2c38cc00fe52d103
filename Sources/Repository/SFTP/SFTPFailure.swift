import Diagnostics
import SecureShell

/// Turns what a server refused, or the way to it, into what a person reads.
struct SFTPFailure {
    let displayName: String
    let host: String
    let user: String

    init(_ place: SFTPPlace, displayName: String) {
        self.displayName = displayName
        host = place.endpoint.port == 22 ? place.endpoint.host : "\(place.endpoint.host):\(place.endpoint.port)"
        user = place.endpoint.user
    }

    /// Runs `body` and makes its refusals readable; `action` completes "cannot …".
    func naming<Value>(_ action: String, _ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as SecureShellError { throw diagnostic(action, error) }
    }

    func diagnostic(_ action: String, _ error: SecureShellError) -> Diagnostic {
        switch error {
        case .unreachable(let reason):
            Diagnostic(
                .repositoryUnreachable,
                "cannot reach \(displayName)",
                cause: "\(host): \(redacted(reason))",
                hint: "Check the host, the port and the network.",
                retry: .later
            )
        case .connectionLost(let reason):
            Diagnostic(
                .repositoryUnreachable,
                "cannot \(action): the connection to \(displayName) was lost",
                cause: "\(host): \(redacted(reason))",
                hint: "Run it again; what was not finished does not count.",
                retry: .later
            )
        case .handshake(let reason), .noSFTP(let reason):
            Diagnostic(
                .repositoryUnreachable,
                "cannot speak SFTP with \(host)",
                cause: redacted(reason),
                hint: "See that an SSH server with SFTP answers there."
            )
        case .hostKeyUnknown, .hostKeyMismatch: untrusted(error)
        case .file(let path, let reason):
            Diagnostic(
                .repositoryAccess,
                "cannot read '\(path)'",
                cause: reason,
                hint: "Correct the path, or let this user read it."
            )
        case .authentication(let offered, let reason):
            Diagnostic(
                .repositoryAccess,
                "\(host) does not let '\(user)' in",
                cause: offered.isEmpty
                    ? "there was nothing to show; \(redacted(reason))"
                    : "it refused \(offered.joined(separator: ", ")) (\(redacted(reason)))",
                hint: "Name the key with identityFile or LIFEBOAT_SFTP_IDENTITY, or load it into the agent;"
                    + " ed25519 keys always work."
            )
        case .status(let status): refusal(action, status)
        }
    }

    private func untrusted(_ error: SecureShellError) -> Diagnostic {
        switch error {
        case .hostKeyMismatch(let fingerprint, let expected):
            Diagnostic(
                .repositoryAccess,
                "refusing to talk to \(host): it shows another host key than the one that is pinned",
                cause: "it shows \(fingerprint), expected is \(expected)",
                hint: "Somebody may stand in between. Only if the server's owner confirms the new key, pin that one."
            )
        case .hostKeyUnknown(let fingerprint, let places):
            Diagnostic(
                .repositoryAccess,
                "refusing to talk to \(host): its host key is not known",
                cause: "it shows \(fingerprint), and no key of this host is in \(places)",
                hint: "If the server's owner confirms that key, set hostKey in lifeboat.json or LIFEBOAT_SFTP_HOST_KEY."
            )
        default: diagnostic("connect", error)
        }
    }

    private func refusal(_ action: String, _ status: SFTPStatus) -> Diagnostic {
        switch status {
        case .noSpace: full(action, cause: status.text)
        case .permissionDenied where action.hasPrefix("remove"):
            Diagnostic(
                .deleteDenied,
                "cannot \(action) from \(displayName): '\(user)' may not delete there",
                cause: "\(host): \(status.text)",
                hint: "Prune with a login that may delete ('deleteWith' in the settings); nothing else is affected."
            )
        case .permissionDenied:
            Diagnostic(
                .repositoryStorage,
                "cannot \(action) in \(displayName)",
                cause: "\(host): \(status.text)",
                hint: "Give '\(user)' the right to read and write there."
            )
        default: Diagnostic(.repositoryStorage, "cannot \(action) in \(displayName)", cause: "\(host): \(status.text)")
        }
    }

    func full(_ action: String, cause: String) -> Diagnostic {
        Diagnostic(
            .repositoryFull,
            "cannot \(action): \(displayName) is full",
            cause: "\(host): \(cause)",
            hint: "Free space there: 'lifeboat prune' shows which points retention no longer needs.",
            retry: .later
        )
    }

    func missingFolder() -> Diagnostic {
        Diagnostic(
            .repositoryMissing,
            "the repository folder \(displayName) does not exist",
            hint: "Correct the path, see that its disk is mounted, or make a repository with 'lifeboat repo init'."
        )
    }

    func missing(_ key: ObjectKey) -> Diagnostic {
        Diagnostic(
            .objectMissing,
            "'\(key)' is missing from \(displayName)",
            hint: "Use another point or another copy of the repository."
        )
    }

    func exists(_ key: ObjectKey) -> Diagnostic {
        Diagnostic(.objectExists, "'\(key)' already exists in \(displayName)")
    }
}
