import CSSH2
import FoundationEssentials
import Glibc

/// Which key a host must show.
///
/// There is no trust on first use: a host that nothing is known of is refused.
package enum HostKeyPin: Sendable, Equatable {
    /// `SHA256:…`, as `ssh-keygen -lf` prints it.
    case fingerprint(String)
    /// The type and the key in base 64, as `known_hosts` and `.pub` files have them.
    case key(type: String, base64: String)
    /// Whatever these files of OpenSSH's say of the host; those that do not exist say nothing.
    case knownHosts([String])

    /// Reads `SHA256:…`, or a type and a key; nil for anything else.
    package init?(text: String) {
        if text.hasPrefix("SHA256:") {
            self = .fingerprint(text)
            return
        }
        let words = text.split(separator: " ")
        guard words.count >= 2 else { return nil }
        self = .key(type: String(words[0]), base64: String(words[1]))
    }

    private static let types: [(name: String, mask: Int32)] = [
        ("ssh-ed25519", LIBSSH2_KNOWNHOST_KEY_ED25519), ("ecdsa-sha2-nistp256", LIBSSH2_KNOWNHOST_KEY_ECDSA_256),
        ("ecdsa-sha2-nistp384", LIBSSH2_KNOWNHOST_KEY_ECDSA_384),
        ("ecdsa-sha2-nistp521", LIBSSH2_KNOWNHOST_KEY_ECDSA_521), ("ssh-rsa", LIBSSH2_KNOWNHOST_KEY_SSHRSA),
    ]

    /// The key types to ask the host for, one list a connection; an empty list leaves it to the library.
    func typeChoices(for endpoint: SSHEndpoint) throws(SecureShellError) -> [[String]] {
        switch self {
        case .key(let type, _): return [[type]]
        case .fingerprint: return Self.types.map { [$0.name] }
        case .knownHosts(let paths):
            let known = try KnownHosts(paths)
            let types = Self.types.filter { known.hasKey(of: endpoint.knownName, type: $0.mask) }.map(\.name)
            return [types]
        }
    }

    /// Throws unless the key that the host showed is the one that is pinned.
    func check(_ session: SSHSession, _ endpoint: SSHEndpoint) throws(SecureShellError) {
        guard let shown = ShownHostKey(session) else { throw .handshake("the host shows no key") }
        switch self {
        case .fingerprint(let expected):
            let padded = expected.hasSuffix("=") ? String(expected.dropLast()) : expected
            guard padded == shown.fingerprint else {
                throw .hostKeyMismatch(fingerprint: shown.fingerprint, expected: expected)
            }
        case .key(let type, let base64):
            guard Data(base64Encoded: base64) == Data(shown.bytes) else {
                throw .hostKeyMismatch(fingerprint: shown.fingerprint, expected: "the \(type) key of the settings")
            }
        case .knownHosts(let paths):
            let places = paths.joined(separator: ", ")
            switch try KnownHosts(paths).verdict(endpoint.knownName, shown.bytes, type: shown.mask) {
            case .match: break
            case .unknown: throw .hostKeyUnknown(fingerprint: shown.fingerprint, lookedIn: places)
            case .mismatch: throw .hostKeyMismatch(fingerprint: shown.fingerprint, expected: "another key in \(places)")
            }
        }
    }
}

/// The key that a host proved to hold during the handshake.
private struct ShownHostKey {
    let bytes: [UInt8]
    let mask: Int32
    /// `SHA256:` and the hash in base 64 without padding.
    let fingerprint: String

    init?(_ session: SSHSession) {
        var count = 0
        var type: Int32 = 0
        guard let key = libssh2_session_hostkey(session.handle, &count, &type),
            let hash = libssh2_hostkey_hash(session.handle, LIBSSH2_HOSTKEY_HASH_SHA256)
        else { return nil }
        bytes = UnsafeRawBufferPointer(start: key, count: count).map { $0 }
        let digest = Data(UnsafeRawBufferPointer(start: hash, count: 32))
        fingerprint = "SHA256:" + digest.base64EncodedString().prefix { $0 != "=" }
        mask =
            switch type {
            case LIBSSH2_HOSTKEY_TYPE_RSA: LIBSSH2_KNOWNHOST_KEY_SSHRSA
            case LIBSSH2_HOSTKEY_TYPE_ECDSA_256: LIBSSH2_KNOWNHOST_KEY_ECDSA_256
            case LIBSSH2_HOSTKEY_TYPE_ECDSA_384: LIBSSH2_KNOWNHOST_KEY_ECDSA_384
            case LIBSSH2_HOSTKEY_TYPE_ECDSA_521: LIBSSH2_KNOWNHOST_KEY_ECDSA_521
            case LIBSSH2_HOSTKEY_TYPE_ED25519: LIBSSH2_KNOWNHOST_KEY_ED25519
            default: LIBSSH2_KNOWNHOST_KEY_UNKNOWN
            }
    }
}

/// What OpenSSH's files say of hosts, hashed names included.
private final class KnownHosts {
    enum Verdict {
        case match
        case mismatch
        case unknown
    }

    private let session: OpaquePointer
    private let hosts: OpaquePointer

    init(_ paths: [String]) throws(SecureShellError) {
        guard let session = libssh2_session_init_ex(nil, nil, nil, nil) else { throw .handshake("no memory") }
        guard let hosts = libssh2_knownhost_init(session) else {
            libssh2_session_free(session)
            throw .handshake("no memory")
        }
        self.session = session
        self.hosts = hosts
        for path in paths {
            for line in try Self.lines(path) {
                // A line of a kind that the library does not know says nothing; it cannot make a host trusted.
                libssh2_knownhost_readline(hosts, line, line.utf8.count, LIBSSH2_KNOWNHOST_FILE_OPENSSH)
            }
        }
    }

    deinit {
        libssh2_knownhost_free(hosts)
        libssh2_session_free(session)
    }

    func verdict(_ name: String, _ key: [UInt8], type: Int32) -> Verdict {
        let text = Data(key).base64EncodedString()
        let mask = LIBSSH2_KNOWNHOST_TYPE_PLAIN | LIBSSH2_KNOWNHOST_KEYENC_BASE64 | type
        switch libssh2_knownhost_check(hosts, name, text, text.utf8.count, mask, nil) {
        case LIBSSH2_KNOWNHOST_CHECK_MATCH: return .match
        case LIBSSH2_KNOWNHOST_CHECK_MISMATCH: return .mismatch
        default: return .unknown
        }
    }

    /// Whether any key of this type is known: one that no host can have differs from it.
    func hasKey(of name: String, type: Int32) -> Bool { verdict(name, [0], type: type) == .mismatch }

    private static func lines(_ path: String) throws(SecureShellError) -> [String] {
        guard let file = fopen(path, "re") else {
            if errno == ENOENT { return [] }
            throw .file(path: path, reason: String(cString: strerror(errno)))
        }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&block, 1, block.count, file), count > 0, bytes.count < 16 << 20 {
            bytes += block[..<count]
        }
        return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
            .filter { !$0.hasPrefix("#") && !$0.hasPrefix("@") }
    }
}
