package import AgeEncryption
import Diagnostics
package import Model
import Streams
import Synchronization

/// The keys of this machine, in a folder that only its owner can read.
///
/// `operator.identity` opens everything and may be protected by a passphrase or kept elsewhere; `host.identity` opens
/// indexes and records; `signer.key` signs; `trusted-signers` are the keys whose points count; `recipients` are whom
/// backups are encrypted to. The escrow identity exists only on the escrow sheet.
package struct Keyring: Sendable {
    package let folder: String
    /// age recipients of new repositories: the operator and the escrow.
    package let recipients: [String]
    package let host: X25519Identity
    package let signer: SigningKey
    /// The signer keys that this machine believes, its own among them.
    package let trustedSigners: [String]
    private let operatorFile: IdentityBytes?
    private let addedFiles: [IdentityBytes]
    /// Asks for a passphrase; nil where nobody is to be asked.
    private var passphrase: (@Sendable () throws -> SecretBytes)?
    private var unlocked = UnlockedFiles()

    /// Reads the keyring in `folder`; throws `key-missing` when there is none.
    package static func open(_ folder: String) throws -> Keyring {
        try Keyring(files: KeyringFolder(path: folder), addedFiles: [])
    }

    /// Whether anything of a keyring is in `folder`.
    package static func exists(_ folder: String) -> Bool {
        let files = KeyringFolder(path: folder)
        return [KeyringFile.signer, .host, .operatorIdentity].contains { (try? files.holds($0)) != false }
    }

    /// Reads the keyring in `folder`, or makes what it lacks; a key that is there is never replaced.
    ///
    /// As a `guest` of repositories that others made it gets no recipients and no identity that opens rows.
    package static func createIfMissing(
        _ folder: String,
        asGuest isGuest: Bool = false,
        now: Instant
    ) throws -> (keyring: Keyring, made: KeysMade) {
        let files = KeyringFolder(path: folder)
        try files.prepare()
        let made = try files.withLock { () throws -> KeysMade in
            let needed: [KeyringFile] = isGuest ? [.signer, .host] : [.signer, .host, .recipients]
            guard try needed.contains(where: { try !files.holds($0) }) else { return .nothing }
            let creation = KeyringCreation(files: files, now: now)
            return try isGuest ? creation.runAsGuest() : creation.run()
        }
        return (try open(folder), made)
    }

    /// Runs `body` while no other process or thread of this machine does the same with this keyring; waits for that.
    func alone<Value>(_ body: () throws -> Value) throws -> Value {
        try KeyringFolder(path: folder).withLock(body)
    }

    private init(files: KeyringFolder, addedFiles: [IdentityBytes]) throws {
        guard let signerText = try files.text(.signer) else {
            throw Diagnostic(
                .keyMissing,
                Self.exists(files.path)
                    ? "'\(files.path)/signer.key' is missing" : "there is no keyring in '\(files.path)'",
                hint: Self.exists(files.path)
                    ? "Put it back from a copy, or make another with 'lifeboat key new'; others must trust it then."
                    : "Run 'lifeboat init', or follow the escrow sheet to restore without it."
            )
        }
        guard let hostBytes = try files.read(.host) else {
            throw Diagnostic(
                .keyMissing,
                "'\(files.path)/host.identity' is missing",
                hint:
                    "Put it back from a copy, or make another with 'lifeboat key new': the next backup reads everything."
            )
        }
        folder = files.path
        signer = try SigningKey(signerText.firstEntry)
        let own = signer.verifyingKey.text
        let trusted = try files.text(.trustedSigners)?.entries ?? []
        trustedSigners = try trusted.map { try VerifyingKey($0).text } + (trusted.contains(own) ? [] : [own])
        recipients = try (files.text(.recipients)?.entries ?? []).map { try X25519Recipient($0).text }
        let hosts = try IdentityBytes(name: "\(files.path)/host.identity", bytes: hostBytes).openIdentities
        guard let host = hosts.first else {
            throw Diagnostic(.keyInvalid, "'\(files.path)/host.identity' must not be protected by a passphrase")
        }
        self.host = host
        operatorFile = try files.read(.operatorIdentity).map {
            IdentityBytes(name: "\(files.path)/operator.identity", bytes: $0)
        }
        self.addedFiles = addedFiles
    }

    /// The same keyring with an identity file from elsewhere, which is tried first.
    ///
    /// Refuses a file that others can read. A passphrase is asked for only by `identities(passphrase:)`.
    package func adding(identityFile path: String) throws -> Keyring {
        guard let bytes = try PrivateFile(path).read() else {
            throw Diagnostic(.keyMissing, "there is no identity file '\(path)'", hint: "Correct the path.")
        }
        let added = IdentityBytes(name: path, bytes: bytes)
        _ = try added.openIdentities
        var keyring = try Keyring(files: KeyringFolder(path: folder), addedFiles: addedFiles + [added])
        (keyring.passphrase, keyring.unlocked) = (passphrase, unlocked)
        return keyring
    }

    /// The same keyring, which asks for a passphrase when an index or a record opens with nothing else.
    package func asking(passphrase: @escaping @Sendable () throws -> SecretBytes) -> Keyring {
        var keyring = self
        keyring.passphrase = passphrase
        return keyring
    }

    /// The same keyring, believing one more signer; written to `trusted-signers`.
    package func trust(_ signer: String) throws -> Keyring {
        let key = try VerifyingKey(signer).text
        let files = KeyringFolder(path: folder)
        try files.withLock {
            let text = try files.text(.trustedSigners) ?? ""
            guard !text.entries.contains(key) else { return }
            let isOpenLine = !text.isEmpty && text.last?.isNewline != true
            try files.write(.trustedSigners, text + (isOpenLine ? "\n" : "") + key + "\n")
        }
        var keyring = try Keyring(files: files, addedFiles: addedFiles)
        (keyring.passphrase, keyring.unlocked) = (passphrase, unlocked)
        return keyring
    }

    /// Everything this machine can decrypt with: added files first, then the operator's, then the host's.
    ///
    /// `passphrase` is called for each protected file, and blocks for as long as scrypt takes.
    package func identities(passphrase: () throws -> SecretBytes) throws -> [any Identity] {
        try files.flatMap { try unlocked.identities(of: $0, passphrase: passphrase) } + [host]
    }

    /// Whether `identities(passphrase:)` would ask for a passphrase.
    package var needsPassphrase: Bool {
        files.contains(where: \.isProtected)
    }

    /// Whether an identity that opens rows is here, protected or not.
    package var hasDataIdentity: Bool { operatorFile != nil || !addedFiles.isEmpty }

    /// What opens without a passphrase, besides the host's own.
    var openIdentities: [any Identity] {
        files.flatMap { (try? $0.openIdentities) ?? [] }
    }

    /// Opens what is behind a passphrase; nil where nothing is, or nobody is to be asked.
    var unlockIdentities: (@Sendable () throws -> [any Identity])? {
        guard let passphrase else { return nil }
        let files = files.filter(\.isProtected)
        guard !files.isEmpty else { return nil }
        return { [unlocked] in try files.flatMap { try unlocked.identities(of: $0, passphrase: passphrase) } }
    }

    /// What holds identities besides the host's: added files first.
    private var files: [IdentityBytes] { addedFiles + (operatorFile.map { [$0] } ?? []) }

    /// The escrow sheet, while it has not been moved away.
    package func escrowSheet() throws -> String? { try KeyringFolder(path: folder).text(.escrowSheet) }

    /// Where the escrow sheet lies until it is moved away.
    package var escrowSheetPath: String { KeyringFolder(path: folder).path(of: .escrowSheet) }

    /// Writes a repository's place and id on the escrow sheet, while that is here.
    package func noteOnEscrowSheet(repository: RepositoryDescriptor, place: String) throws {
        let files = KeyringFolder(path: folder)
        try files.withLock {
            guard let text = try files.text(.escrowSheet), !text.contains(repository.id) else { return }
            try files.write(.escrowSheet, EscrowSheet.adding(repository: repository.id, place: place, to: text))
        }
    }

    /// The id of the repository that this machine has written to at `place`; nil when it has written to none there.
    ///
    /// What is empty now and was not then is more likely a disk that is not mounted than a new place.
    package func rememberedRepository(at place: String) throws -> String? {
        try KeyringFolder(path: folder).text(.repositories)?.placedLines.last { $0.place == place }?.id
    }

    /// Remembers that this machine has a repository at `place`; writes only what is new.
    package func remember(repository: RepositoryDescriptor, at place: String) throws {
        let files = KeyringFolder(path: folder)
        try files.withLock {
            let known = try files.text(.repositories)?.placedLines ?? []
            guard known.last(where: { $0.place == place })?.id != repository.id else { return }
            let lines = known.filter { $0.place != place } + [(id: repository.id, place: place)]
            try files.write(.repositories, lines.map { "\($0.id) \($0.place)\n" }.joined())
        }
    }

    /// `$XDG_CONFIG_HOME/lifeboat`, or `~/.config/lifeboat`; nil when the environment names neither.
    package static func defaultFolder(environment: [String: String]) -> String? {
        if let base = environment["XDG_CONFIG_HOME"], base.hasPrefix("/") { return base + "/lifeboat" }
        return environment["HOME"].map { $0 + "/.config/lifeboat" }
    }
}

/// An identity file as it was read: open or protected.
struct IdentityBytes: Sendable {
    var name: String
    var bytes: [UInt8]

    var isProtected: Bool { IdentityFile.isEncrypted(bytes) }

    /// The identities of a file without a passphrase; none of a protected one.
    var openIdentities: [X25519Identity] {
        get throws { isProtected ? [] : try identities { SecretBytes(utf8: "") } }
    }

    func identities(passphrase: () throws -> SecretBytes) throws -> [X25519Identity] {
        try IdentityFile(bytes, named: name, passphrase: passphrase).identities
    }
}

/// What protected files held, so that nobody is asked twice for one; any thread.
private final class UnlockedFiles: Sendable {
    private let identities = Mutex<[String: [X25519Identity]]>([:])

    func identities(of file: IdentityBytes, passphrase: () throws -> SecretBytes) throws -> [X25519Identity] {
        try identities.withLock { known in
            if let found = known[file.name] { return found }
            let found = try file.identities(passphrase: passphrase)
            known[file.name] = found
            return found
        }
    }
}

extension String {
    /// The lines that are neither empty nor comments, without what follows their first word.
    var entries: [String] {
        split(whereSeparator: \.isNewline).compactMap { line in
            line.split(whereSeparator: \.isWhitespace).first.map(String.init)
        }
        .filter { !$0.hasPrefix("#") }
    }

    var firstEntry: String { entries.first ?? "" }

    /// Lines of an id and a place, which may hold spaces.
    fileprivate var placedLines: [(id: String, place: String)] {
        split(whereSeparator: \.isNewline).compactMap { line in
            let parts = line.split(separator: " ", maxSplits: 1)
            return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
        }
    }
}
