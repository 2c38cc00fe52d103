import Diagnostics
import Glibc
import Streams

/// The files of a keyring.
enum KeyringFile: String {
    case operatorIdentity = "operator.identity"
    case host = "host.identity"
    case signer = "signer.key"
    case trustedSigners = "trusted-signers"
    case recipients = "recipients"
    case escrowSheet = "escrow-sheet.txt"
    case repositories

    /// Whether others must not even read it.
    var isSecret: Bool {
        switch self {
        case .operatorIdentity, .host, .signer, .escrowSheet: true
        case .trustedSigners, .recipients, .repositories: false
        }
    }
}

/// The folder of a keyring: 0700, its files 0600, each replaced atomically and durably.
struct KeyringFolder {
    let path: String

    private var store: FolderStore { FolderStore(path: path) }

    /// Makes the folder and those above it.
    func prepare() throws {
        var above = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        var missing: [String] = []
        while !above.isEmpty, case let folder = above.joined(separator: "/"), !folder.isEmpty, access(folder, F_OK) != 0
        {
            missing.append(folder)
            above = above.dropLast()
        }
        for folder in missing.reversed() where mkdir(folder, 0o700) != 0 && errno != EEXIST {
            throw Diagnostic(
                .fileAccess,
                "cannot create the folder '\(folder)' for keys",
                cause: String(cString: strerror(errno))
            )
        }
        try store.prepare()
    }

    /// Runs `body` while no other process changes the keyring.
    func withLock<Value>(_ body: () throws -> Value) throws -> Value {
        guard let lock = OwnedDescriptor.open(path, in: AT_FDCWD, O_RDONLY | O_DIRECTORY),
            flock(lock.number, LOCK_EX) == 0
        else {
            throw Diagnostic(
                .fileAccess,
                "cannot lock the keyring in '\(path)'",
                cause: String(cString: strerror(errno))
            )
        }
        defer { flock(lock.number, LOCK_UN) }
        return try body()
    }

    func path(of file: KeyringFile) -> String { path + "/" + file.rawValue }

    func holds(_ file: KeyringFile) throws -> Bool { try read(file) != nil }

    /// The bytes of a file; nil when there is none.
    ///
    /// Refuses a secret that others can read.
    func read(_ file: KeyringFile) throws -> [UInt8]? {
        try PrivateFile(path(of: file), isSecret: file.isSecret).read()
    }

    func text(_ file: KeyringFile) throws -> String? {
        try read(file).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Makes a file that is not there; throws when it is.
    func create(_ file: KeyringFile, _ text: String) throws {
        let writer = try store.create(ObjectKey(joining: [file.rawValue]))
        try writer.write(contentsOf: Array(text.utf8))
        try writer.finish()
    }

    func write(_ file: KeyringFile, _ text: String) throws {
        try store.replace(ObjectKey(joining: [file.rawValue]), with: Array(text.utf8))
    }
}

/// A file that nobody but its owner may change, nor read when it is secret.
struct PrivateFile {
    private static let sizeLimit = 1 << 20
    private let path: String
    private let isSecret: Bool

    init(_ path: String, isSecret: Bool = true) {
        self.path = path
        self.isSecret = isSecret
    }

    /// The file's bytes; nil when there is none.
    func read() throws -> [UInt8]? {
        guard let file = OwnedDescriptor.open(path, in: AT_FDCWD, O_RDONLY) else {
            if errno == ENOENT { return nil }
            throw refusal(String(cString: strerror(errno)), nil)
        }
        var facts = stat()
        guard fstat(file.number, &facts) == 0 else { throw refusal(String(cString: strerror(errno)), nil) }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw refusal("it is not a file", nil) }
        guard facts.st_mode & (isSecret ? 0o077 : 0o022) == 0 else {
            let right = isSecret ? "read or change" : "change"
            throw refusal("other users of this machine can \(right) it", "Run 'chmod 600 \(path)'.")
        }
        guard facts.st_uid == geteuid() || facts.st_uid == 0 else {
            throw refusal("it belongs to another user", "Give it to the user that runs lifeboat.")
        }
        guard facts.st_size <= Self.sizeLimit else { throw refusal("it is longer than 1 MiB", nil) }
        return try contents(of: file.number, size: Int(facts.st_size))
    }

    private func contents(of file: Int32, size: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: size)
        var filled = 0
        while filled < size {
            let count = bytes.withUnsafeMutableBytes {
                pread(file, $0.baseAddress?.advanced(by: filled), size - filled, off_t(filled))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw refusal(String(cString: strerror(errno)), nil) }
            filled += count
        }
        return bytes
    }

    private func refusal(_ cause: String, _ hint: String?) -> Diagnostic {
        Diagnostic(.keyInvalid, "refusing to use the key file '\(path)'", cause: cause, hint: hint)
    }
}
