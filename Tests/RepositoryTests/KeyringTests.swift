import AgeEncryption
import Diagnostics
import Glibc
import Model
import Repository
import Streams
import TestSupport
import Testing

@Suite("Keyring")
struct KeyringTests {
    private let scratch: ScratchFolder
    private var folder: String { scratch.path + "/config/lifeboat" }

    init() throws { scratch = try ScratchFolder() }

    private func create() throws -> Keyring {
        try Keyring.createIfMissing(folder, now: Scene.start).keyring
    }

    private func bytes(of file: String) throws -> [UInt8] {
        try FileSource(path: folder + "/" + file).readAll(limit: 1 << 16)
    }

    @Test("a keyring is made once, with folders above it, and read the same afterwards")
    func createdOnce() throws {
        let first = try Keyring.createIfMissing(folder, now: Scene.start)
        let second = try Keyring.createIfMissing(folder, now: Scene.start)
        #expect(first.made == .all && second.made == .nothing)
        #expect(first.keyring.recipients == second.keyring.recipients)
        #expect(first.keyring.recipients.count == 2)
        #expect(second.keyring.trustedSigners == [first.keyring.signer.verifyingKey.text])
        #expect(first.keyring.hasDataIdentity && !first.keyring.needsPassphrase)
    }

    @Test("many processes that make one keyring end up with one")
    func contested() throws {
        let folder = folder
        let stop = Stop()
        try runWorkers(Array(0..<8), workerCount: 8, stop: stop, makeWorker: { $0 }) { (_: inout Int, _: Int) in
            _ = try Keyring.createIfMissing(folder, now: Scene.start)
        } finishWorker: { _ in
        }
        let keyring = try Keyring.open(folder)
        let sheet = try #require(try keyring.escrowSheet())
        #expect(keyring.recipients.allSatisfy(sheet.contains))
        #expect(sheet.contains(keyring.signer.verifyingKey.text))
    }

    @Test("an interrupted creation goes on where it stopped; the sheet always belongs to the recipients")
    func interrupted() throws {
        let order = ["signer.key", "trusted-signers", "recipients", "escrow-sheet.txt", "host.identity"]
        for count in 1...order.count {
            let first = try create()
            for file in order.prefix(count) { unlink(folder + "/" + file) }
            let (keyring, made) = try Keyring.createIfMissing(folder, now: Scene.start)
            let sheet = try #require(try keyring.escrowSheet())
            #expect(made == (count < 3 ? .signer : .all))
            #expect(keyring.recipients.count == 2 && keyring.recipients.allSatisfy(sheet.contains))
            #expect(sheet.contains(keyring.signer.verifyingKey.text))
            #expect(keyring.trustedSigners.contains(keyring.signer.verifyingKey.text))
            #expect(keyring.recipients[0] == first.recipients[0] && keyring.hasDataIdentity)
        }
    }

    @Test("no key that is there is replaced: not the operator's identity that was put into an empty folder")
    func neverReplaced() throws {
        let files = ["operator.identity", "host.identity", "recipients", "escrow-sheet.txt"]
        for kept in files {
            for file in files + ["signer.key", "trusted-signers"] { unlink(folder + "/" + file) }
            _ = try create()
            let before = try bytes(of: kept)
            for file in files + ["signer.key", "trusted-signers"] where file != kept { unlink(folder + "/" + file) }
            let keyring = try create()
            #expect(try bytes(of: kept).starts(with: before.prefix(200)), "\(kept)")
            if kept != "escrow-sheet.txt" { #expect(try bytes(of: kept) == before, "\(kept)") }
            #expect(keyring.trustedSigners.count == 1)
        }
    }

    @Test("a protected identity in an empty folder stays as it is, and nothing new can be encrypted past it")
    func protectedAlone() throws {
        _ = try create().protectOperatorIdentity(with: SecretBytes(utf8: "open sesame"))
        let before = try bytes(of: "operator.identity")
        for file in ["signer.key", "trusted-signers", "recipients", "escrow-sheet.txt", "host.identity"] {
            unlink(folder + "/" + file)
        }
        let (keyring, made) = try Keyring.createIfMissing(folder, now: Scene.start)
        #expect(made == .signer && keyring.recipients.isEmpty && keyring.needsPassphrase)
        #expect(try bytes(of: "operator.identity") == before)
    }

    @Test("a secret that other users can read is refused, with the command that repairs it")
    func permissions() throws {
        _ = try create()
        for file in ["operator.identity", "host.identity", "signer.key"] {
            chmod(folder + "/" + file, 0o640)
            let refusal = #expect(throws: Diagnostic.self) { _ = try Keyring.open(folder) }
            #expect(refusal?.code == .keyInvalid)
            #expect(refusal?.hint == "Run 'chmod 600 \(folder)/\(file)'.")
            chmod(folder + "/" + file, 0o600)
        }
        chmod(folder + "/trusted-signers", 0o644)
        _ = try Keyring.open(folder)
        chmod(folder + "/trusted-signers", 0o666)
        #expect(code { _ = try Keyring.open(folder) } == .keyInvalid)
    }

    @Test("the escrow identity alone opens every point")
    func escrow() throws {
        let store = MemoryStore()
        let scene = try Scene(store)
        try scene.commit(Scene.name(0))
        let sheet = try #require(try scene.keyring.escrowSheet())
        #expect(sheet.contains(scene.repository.descriptor.id))
        let secret = try #require(sheet.firstMatch(of: /AGE-SECRET-KEY-1[0-9A-Z]+/)?.output)
        let identity = try X25519Identity(String(secret))
        #expect(scene.keyring.recipients.contains(identity.recipient.text))
        let catalog = try scene.repository.readCatalog(Scene.name(0), identities: [identity])
        #expect(catalog == Scene.catalog)
    }

    @Test("a protected identity asks for its passphrase only when it is needed")
    func passphrase() throws {
        let keyring = try create()
        let own = try X25519Identity.generate()
        let text = IdentityFile.text(for: own, created: "now")
        let recipient = try ScryptRecipient(passphrase: SecretBytes(utf8: "open sesame"), workFactor: 8)
        let path = scratch.path + "/protected"
        let file = FolderStore(path: scratch.path)
        try file.put(try objectKey("protected"), try IdentityFile.encrypt(text, to: recipient))
        let added = try keyring.adding(identityFile: path)
        #expect(added.needsPassphrase)
        let identities = try added.identities { SecretBytes(utf8: "open sesame") }
        #expect(identities.count == 3)
        #expect((identities.first as? X25519Identity)?.recipient == own.recipient)
        #expect(code { _ = try added.identities { SecretBytes(utf8: "wrong") } } == .keyWrong)
        #expect(code { _ = try keyring.adding(identityFile: scratch.path + "/none") } == .keyMissing)
    }

    @Test("a repository that only one key opens is refused unless one insists")
    func singleKey() throws {
        let keyring = try create()
        let text = keyring.recipients[0] + "\n"
        try FolderStore(path: folder).replace(try objectKey("recipients"), with: Array(text.utf8))
        let lone = try Keyring.open(folder)
        let store = MemoryStore()
        #expect(code { _ = try Repository.create(in: store, keyring: lone, now: Scene.start) } == .keyMissing)
        let repository = try Repository.create(in: store, keyring: lone, singleKey: true, now: Scene.start)
        #expect(repository.descriptor.hasSingleKey)
    }

    @Test("trusting a key is remembered, and nonsense is not trusted")
    func trust() throws {
        let keyring = try create()
        let other = try SigningKey.generate().verifyingKey.text
        #expect(try keyring.trust(other).trustedSigners.contains(other))
        #expect(try Keyring.open(folder).trustedSigners.count == 2)
        #expect(code { _ = try keyring.trust("lbsig1nonsense") } == .keyInvalid)
    }
}
