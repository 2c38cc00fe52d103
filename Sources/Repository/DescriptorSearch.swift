import AgeEncryption
import Diagnostics
import Model
import Streams

/// Finds the descriptor that counts: the newest that is valid and signed by a trusted key.
struct DescriptorSearch {
    private static let sizeLimit = 1 << 20

    var store: any ObjectStore
    var trusted: [String]

    func newest() throws -> RepositoryDescriptor {
        let numbers = try store.list(Layout.descriptors).compactMap { Layout.descriptorNumber($0.key) }
        guard !numbers.isEmpty else { throw try missing() }
        var failure: (any Error)?
        for number in numbers.sorted(by: >) {
            let key = Layout.descriptor(number)
            do {
                return try RepositoryDescriptor.open(try read(key), at: key) { signer in
                    guard trusted.contains(signer) else {
                        throw Self.untrusted(signer, of: "the repository in \(store.displayName)")
                    }
                }
            } catch let error as Diagnostic where error.code != .repositoryFormat && error.retry == .never {
                // Anybody who can write here could add a newer file; it must not hide the last good one.
                if failure == nil { failure = error }
            }
        }
        if let failure { throw failure }
        throw try missing()
    }

    private func read(_ key: ObjectKey) throws -> [UInt8] {
        do {
            return try store.get(key, limit: Self.sizeLimit)
        } catch is SourceTooLarge {
            throw Diagnostic(.objectCorrupt, "'\(key)' is damaged", cause: "it is larger than \(Self.sizeLimit) bytes")
        }
    }

    private func missing() throws -> Diagnostic {
        // What an interrupted creation left is not foreign: whoever is told that nothing is there completes it.
        if try !Repository.holdsAtMostBeginnings(store) { return Self.foreign(store) }
        return Diagnostic(
            .repositoryMissing,
            "there is no repository in \(store.displayName)",
            hint: "Check the place, or make a repository with 'lifeboat repo init'."
        )
    }

    static func foreign(_ store: any ObjectStore) -> Diagnostic {
        Diagnostic(
            .repositoryForeign,
            "refusing to use \(store.displayName): it holds files, but it is not a repository",
            cause: "no 'repository/<n>.json' is there",
            hint: "Name an empty or new place, or the repository itself."
        )
    }

    static func untrusted(_ signer: String, of object: String) -> Diagnostic {
        Diagnostic(
            .signerUntrusted,
            "refusing to trust \(object): it was signed by a key that this machine does not know",
            cause: "the signer is \(signer)",
            hint: "Compare the key with the escrow sheet; if it is there, run 'lifeboat key trust \(signer)'."
        )
    }
}
