package import AgeEncryption
import Diagnostics
package import Model
import Streams

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
    package static func createIfMissing(_ folder: String, now: Instant) throws -> (keyring: Keyring, made: KeysMade) {
        let files = KeyringFolder(path: folder)
        try files.prepare()
        let made = try files.withLock {
            try files.holds(.signer) ? .nothing : KeyringCreation(files: files, now: now).run()
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
                "there is no keyring in '\(files.path)'",
                hint: "Run 'lifeboat init', or follow the escrow sheet to restore without it."
            )
        }
        guard let hostBytes = try files.read(.host) else {
            throw Diagnostic(.keyMissing, "'\(files.path)/host.identity' is missing", hint: "Put it back from a copy.")
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
        return try Keyring(files: KeyringFolder(path: folder), addedFiles: addedFiles + [added])
    }

    /// The same keyring, believing one more signer; written to `trusted-signers`.
    package func trust(_ signer: String) throws -> Keyring {
        let key = try VerifyingKey(signer).text
        let files = KeyringFolder(path: folder)
        try files.withLock {
            let text = try files.text(.trustedSigners) ?? ""
            guard !text.entries.contains(key) else { return }
            try files.write(.trustedSigners, text + key + "\n")
        }
        return try Keyring(files: files, addedFiles: addedFiles)
    }

    /// Everything this machine can decrypt with: added files first, then the operator's, then the host's.
    ///
    /// `passphrase` is called for each protected file, and blocks for as long as scrypt takes.
    package func identities(passphrase: () throws -> SecretBytes) throws -> [any Identity] {
        let files = addedFiles + (operatorFile.map { [$0] } ?? [])
        return try files.flatMap { try $0.identities(passphrase: passphrase) } + [host]
    }

    /// Whether `identities(passphrase:)` would ask for a passphrase.
    package var needsPassphrase: Bool {
        (addedFiles + (operatorFile.map { [$0] } ?? [])).contains(where: \.isProtected)
    }

    /// Whether an identity that opens rows is here, protected or not.
    package var hasDataIdentity: Bool { operatorFile != nil || !addedFiles.isEmpty }

    /// What opens without a passphrase, besides the host's own.
    var openIdentities: [any Identity] {
        (addedFiles + (operatorFile.map { [$0] } ?? [])).flatMap { (try? $0.openIdentities) ?? [] }
    }

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

extension String {
    /// The lines that are neither empty nor comments, without what follows their first word.
    fileprivate var entries: [String] {
        split(whereSeparator: \.isNewline).compactMap { line in
            line.split(whereSeparator: \.isWhitespace).first.map(String.init)
        }
        .filter { !$0.hasPrefix("#") }
    }

    fileprivate var firstEntry: String { entries.first ?? "" }

    /// Lines of an id and a place, which may hold spaces.
    fileprivate var placedLines: [(id: String, place: String)] {
        split(whereSeparator: \.isNewline).compactMap { line in
            let parts = line.split(separator: " ", maxSplits: 1)
            return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
        }
    }
}
