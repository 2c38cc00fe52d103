/// What an SSH server, or the way to it, refused.
package enum SecureShellError: Error, Sendable, Equatable {
    /// No connection came about; the text is the system's.
    case unreachable(String)
    /// What answers speaks no SSH that this library knows.
    case handshake(String)
    /// Nothing says which key this host has; the fingerprint is the one that it showed.
    case hostKeyUnknown(fingerprint: String, lookedIn: String)
    /// The host showed another key than the one that is pinned.
    case hostKeyMismatch(fingerprint: String, expected: String)
    /// A file of keys cannot be read.
    case file(path: String, reason: String)
    /// The server took none of what was offered.
    case authentication(offered: [String], reason: String)
    /// The server has no SFTP.
    case noSFTP(String)
    /// The connection broke, or nothing came for too long.
    case connectionLost(String)
    /// The server answered a request with an error.
    case status(SFTPStatus)

    /// Whether a new connection may do better.
    package var isTransient: Bool {
        switch self {
        case .unreachable, .connectionLost: true
        case .handshake, .hostKeyUnknown, .hostKeyMismatch, .file, .authentication, .noSFTP, .status: false
        }
    }
}

/// The answers of SFTP that mean something to a caller; a server of version 3 says "failure" for most of them.
package enum SFTPStatus: Sendable, Equatable {
    case noSuchFile
    case permissionDenied
    case unsupported
    case alreadyExists
    case noSpace
    /// Refused without a reason, or with one that this table does not have.
    case failure(UInt)

    init(_ code: UInt) {
        self =
            switch code {
            case 2, 10: .noSuchFile
            case 3, 12: .permissionDenied
            case 8: .unsupported
            case 11: .alreadyExists
            case 14, 15: .noSpace
            default: .failure(code)
            }
    }

    /// In the words of the protocol.
    package var text: String {
        switch self {
        case .noSuchFile: "no such file or folder"
        case .permissionDenied: "permission denied"
        case .unsupported: "operation unsupported"
        case .alreadyExists: "file already exists"
        case .noSpace: "no space left, or the quota is used up"
        case .failure(4): "the server says 'failure' and no reason"
        case .failure(let code): "the server answers with status \(code)"
        }
    }
}
