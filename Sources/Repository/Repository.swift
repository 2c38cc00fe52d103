package import AgeEncryption
import Diagnostics
package import Model
import Streams

/// A place where recovery points live: a store, its descriptor, and the keys of this machine.
///
/// Everything that Lifeboat knows is in here. All calls block and may come from any thread.
package final class Repository: Sendable {
    package let store: any ObjectStore
    package let descriptor: RepositoryDescriptor
    package let keyring: Keyring
    /// What opens indexes and records; the host's own identity is always among them.
    let readers: ReaderKeys
    /// By which a run notices that it stood still.
    let machine: MachineClock
    /// The points that were read already.
    let shelf = PointShelf()
    let recordShelf = RecordShelf()
    /// What was found on the way and does not stop the work.
    let said: RepositoryRemarks

    private init(
        _ store: any ObjectStore,
        _ descriptor: RepositoryDescriptor,
        _ keyring: Keyring,
        _ readers: ReaderKeys,
        _ machine: MachineClock = .boot,
        _ said: RepositoryRemarks = RepositoryRemarks()
    ) {
        self.store = store
        self.descriptor = descriptor
        self.keyring = keyring
        self.readers = readers
        self.machine = machine
        self.said = said
    }

    /// How people name the repository in messages.
    package var displayName: String { store.displayName }

    /// The same without quotation marks, for programs.
    package var place: String {
        let isQuoted = displayName.utf8.count > 1 && displayName.hasPrefix("'") && displayName.hasSuffix("'")
        return isQuoted ? String(displayName.dropFirst().dropLast()) : displayName
    }

    /// Makes a repository: tries what the store can do, then writes its descriptor and how to restore by hand.
    ///
    /// Refuses a place that holds anything, and fewer than two recipients unless `singleKey` is chosen. An interrupted
    /// creation is completed by calling it again.
    package static func create(
        in store: any ObjectStore,
        keyring: Keyring,
        singleKey: Bool = false,
        now: Instant
    ) throws -> Repository {
        let recipients = keyring.recipients
        guard recipients.count > 1 || (singleKey && !recipients.isEmpty) else {
            throw Diagnostic(
                .keyMissing,
                "refusing to create a repository that only one key can open",
                cause: "the keyring in \(keyring.folder) names \(recipients.count) recipient(s)",
                hint: recipients.isEmpty
                    ? "Make keys for new repositories with 'lifeboat key new', and print the sheet that comes with them."
                    : "Add a second recipient to '\(keyring.folder)/recipients', or insist with --single-key."
            )
        }
        try store.prepare()
        try refuseOccupied(store)
        let descriptor = RepositoryDescriptor(
            id: Hex.encode(try randomBytes(16)),
            created: now,
            recipients: recipients,
            hosts: [keyring.host.recipient.text],
            signers: [keyring.signer.verifyingKey.text],
            hasSingleKey: recipients.count == 1,
            capabilities: try StoreProbe.run(on: store),
            signer: keyring.signer.verifyingKey.text
        )
        try store.replace(Layout.recoveryGuide, with: Array(RecoveryGuide.text(for: descriptor).utf8))
        let key = Layout.descriptor(1)
        try store.put(key, try descriptor.sealed(at: key, with: keyring.signer))
        // A repository without a line on the sheet is still a repository.
        try? keyring.noteOnEscrowSheet(repository: descriptor, place: store.displayName)
        try? keyring.remember(repository: descriptor, at: store.displayName)
        // So that the first prune on a full disk can begin.
        try? store.keepReserve()
        return try open(store, keyring: keyring)
    }

    /// Whether a repository was made in a place, whoever made it.
    package static func isThere(in store: any ObjectStore) throws -> Bool {
        try store.list(Layout.descriptors).contains { Layout.descriptorNumber($0.key) != nil }
    }

    /// Opens a repository whose descriptor was signed by a key that this machine trusts.
    package static func open(_ store: any ObjectStore, keyring: Keyring) throws -> Repository {
        let descriptor = try DescriptorSearch(store: store, trusted: keyring.trustedSigners).newest()
        store.insist(on: descriptor.capabilities)
        let readers = ReaderKeys([keyring.host] + keyring.openIdentities, unlock: keyring.unlockIdentities)
        return Repository(store, descriptor, keyring, readers)
    }

    /// The same repository, able to read also what only `identities` open.
    package func reading(with identities: [any Identity]) -> Repository {
        Repository(store, descriptor, keyring, readers.adding(identities), machine, said)
    }

    /// The same repository on a machine whose clock a test moves.
    package func running(on machine: MachineClock) -> Repository {
        Repository(store, descriptor, keyring, readers, machine, said)
    }

    private static let revisions = 10

    /// Writes the next descriptor with `change` made to the newest one, and opens it.
    package func revised(_ change: (inout RepositoryDescriptor) -> Void) throws -> Repository {
        for attempt in 1... {
            // Listed first: whoever writes one after that writes this very number, and one of the two is refused.
            let taken = try store.list(Layout.descriptors).compactMap { Layout.descriptorNumber($0.key) }.max() ?? 0
            var next = try DescriptorSearch(store: store, trusted: keyring.trustedSigners).newest()
            change(&next)
            let key = Layout.descriptor(taken + 1)
            do {
                try store.put(key, try next.sealed(at: key, with: keyring.signer))
                break
            } catch let error as Diagnostic where error.code == .objectExists && attempt < Self.revisions {}
        }
        let opened = try Self.open(store, keyring: keyring)
        return Repository(store, opened.descriptor, keyring, readers, machine, said)
    }

    /// Throws unless the signer of an object is one that this machine trusts.
    func requireTrust(in signer: String, of object: String) throws {
        guard !keyring.trustedSigners.contains(signer) else { return }
        throw DescriptorSearch.untrusted(signer, of: object)
    }

    /// Everybody an index or a record is encrypted to: the recipients, and the hosts that need it for the next run.
    func indexRecipients() throws -> [any Recipient] {
        let own = keyring.host.recipient.text
        // This machine first: it reads them most often, and each that it is not costs a multiplication.
        let texts = [own] + (descriptor.hosts + descriptor.recipients).filter { $0 != own }
        return try texts.map { try X25519Recipient($0) }
    }

    /// Everybody rows and definitions are encrypted to.
    func dataRecipients() throws -> [any Recipient] {
        try descriptor.recipients.map { try X25519Recipient($0) }
    }

    /// Only what an interrupted creation leaves behind may lie in a new repository's place.
    private static func refuseOccupied(_ store: any ObjectStore) throws {
        if try store.holdsOnly([]) { return }
        if try isThere(in: store) {
            throw Diagnostic(
                .objectExists,
                "there is already a repository in \(store.displayName)",
                hint: "Use it as it is, or name another place."
            )
        }
        guard try holdsAtMostBeginnings(store) else { throw DescriptorSearch.foreign(store) }
    }

    /// Whether a place holds nothing, or nothing but what an interrupted creation leaves behind.
    static func holdsAtMostBeginnings(_ store: any ObjectStore) throws -> Bool {
        guard try store.holdsOnly([Layout.recoveryGuide, StoreProbe.key]) else { return false }
        return try store.info(Layout.recoveryGuide) == nil
            || RecoveryGuide.isOurs(try store.read(Layout.recoveryGuide, range: nil))
    }
}

extension Repository {
    /// Tries the store again; writes one small object and removes it.
    package func probe() throws -> StoreCapabilities {
        // What it can do no more is to be told, not to be refused.
        store.insist(on: StoreCapabilities(createsExclusively: false, isDurable: false))
        defer { store.insist(on: descriptor.capabilities) }
        return try StoreProbe.run(on: store)
    }
}
