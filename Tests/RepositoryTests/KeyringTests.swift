import AgeEncryption
import Diagnostics
import Glibc
import Model
import Repository
import Streams
import Synchronization
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

    @Test("a guest gets what it needs in other machines' repositories, and no sheet that would open nothing there")
    func guest() throws {
        let (guest, made) = try Keyring.createIfMissing(folder, asGuest: true, now: Scene.start)
        #expect(made == .guest && guest.recipients.isEmpty && !guest.hasDataIdentity)
        #expect(try guest.escrowSheet() == nil)
        #expect(try Keyring.createIfMissing(folder, asGuest: true, now: Scene.start).made == .nothing)
        let (whole, more) = try Keyring.createIfMissing(folder, now: Scene.start)
        #expect(more == .all && whole.recipients.count == 2)
        #expect(whole.signer.verifyingKey.text == guest.signer.verifyingKey.text)
        #expect(try Keyring.createIfMissing(folder, now: Scene.start).made == .nothing)
    }

    @Test("a file of trusted keys whose last line is open takes one more key on a line of its own")
    func openLine() throws {
        let keyring = try create()
        let own = keyring.signer.verifyingKey.text
        unlink(folder + "/trusted-signers")
        try FolderStore(path: folder).put(try objectKey("trusted-signers"), Array("# mine\n\(own)".utf8))
        let other = try Keyring.createIfMissing(scratch.path + "/other", now: Scene.start).keyring.signer.verifyingKey
            .text
        #expect(try keyring.trust(other).trustedSigners == [own, other])
    }

    @Test("an index that only a protected identity opens is opened with it, and the passphrase is asked for once")
    func protectedReader() throws {
        let scene = try Scene()
        for hour in 0..<3 { try scene.commit(Scene.name(hour)) }
        _ = try scene.keyring.protectOperatorIdentity(with: SecretBytes(utf8: "open sesame"))
        let guest = try Keyring.createIfMissing(folder, asGuest: true, now: Scene.start).keyring
            .trust(scene.keyring.signer.verifyingKey.text)
        let blind = try Repository.open(scene.store, keyring: guest)
        #expect(code { _ = try blind.readPoint(Scene.name(0)) } == .keyWrong)
        let newest = try blind.newest(plan: Scene.shop)
        #expect(newest.point == nil && newest.asPrevious?.point == Scene.name(2))
        let asked = Mutex(0)
        let seeing = try guest.adding(identityFile: scene.keyring.folder + "/operator.identity").asking {
            asked.withLock { $0 += 1 }
            return SecretBytes(utf8: "open sesame")
        }
        let opened = try Repository.open(scene.store, keyring: seeing)
        for hour in 0..<3 { #expect(try opened.readPoint(Scene.name(hour)).name == Scene.name(hour)) }
        let all = try seeing.identities { () throws -> SecretBytes in throw Diagnostic(.keyMissing, "asked again") }
        #expect(all.count == 2)
        #expect(asked.withLock { $0 } == 1)
        let wrong = try Keyring.open(folder).adding(identityFile: scene.keyring.folder + "/operator.identity").asking {
            SecretBytes(utf8: "open barley")
        }
        #expect(code { _ = try Repository.open(scene.store, keyring: wrong).readPoint(Scene.name(0)) } == .keyWrong)
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
        // What was opened once stays open: nobody is asked twice.
        #expect(try added.identities { SecretBytes(utf8: "wrong") }.count == 3)
        let again = try Keyring.open(folder).adding(identityFile: path)
        #expect(code { _ = try again.identities { SecretBytes(utf8: "wrong") } } == .keyWrong)
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
