import AgeEncryption
import Model

/// What had to be made of a keyring.
package enum KeysMade: Sendable {
    case nothing
    /// Some of it was there: a signer was made beside it, and keys that were there stayed as they are.
    case signer
    /// All of it, or what an interrupted creation had left out: the escrow sheet has to be printed.
    case all
    /// Only what a machine needs that works with other machines' repositories: no identity that opens rows.
    case guest
}

/// Makes the keys that a keyring without a signer lacks, and never replaces one that is there: an identity that was put
/// into the folder on an empty machine may be the last one that opens the backups.
///
/// `signer.key` is written last, so that an interrupted creation goes on where it stopped: each file is made from those
/// that are there before it.
struct KeyringCreation {
    var files: KeyringFolder
    var now: Instant

    /// What a machine needs that restores from repositories which others made, or backs up into them.
    ///
    /// Recipients are those of the repository. An escrow sheet made here would open nothing there, and somebody would lock
    /// it away as if it did.
    func runAsGuest() throws -> KeysMade {
        let hadSigner = try files.holds(.signer)
        let signer = try signer()
        try makeHost()
        try noteOnSheet(signer.verifyingKey.text)
        try believe(signer.verifyingKey.text)
        try keep(signer)
        if hadSigner { return .nothing }
        return try files.holds(.recipients) || files.holds(.operatorIdentity) ? .signer : .guest
    }

    func run() throws -> KeysMade {
        let hadSigner = try files.holds(.signer)
        let signer = try signer()
        let own = signer.verifyingKey.text
        let isNew = try !files.holds(.recipients)
        if isNew {
            let operatorIdentity = try operatorIdentity()
            try makeHost()
            // A protected identity does not say whom to encrypt to. It restores; a new repository asks for recipients.
            if let operatorIdentity { try makeRecipients(operatorIdentity.recipient.text, signer: own) }
        } else {
            try makeHost()
        }
        try noteOnSheet(own)
        try believe(own)
        try keep(signer)
        if try isNew && files.holds(.escrowSheet) { return .all }
        return hadSigner ? .nothing : .signer
    }

    /// The operator's identity, made if there is none; nil when it is protected.
    private func operatorIdentity() throws -> X25519Identity? {
        if let bytes = try files.read(.operatorIdentity) {
            return try IdentityBytes(name: files.path(of: .operatorIdentity), bytes: bytes).openIdentities.first
        }
        let identity = try X25519Identity.generate()
        try files.create(.operatorIdentity, IdentityFile.text(for: identity, created: now.description))
        return identity
    }

    private func makeHost() throws {
        guard try !files.holds(.host) else { return }
        try files.create(.host, IdentityFile.text(for: try X25519Identity.generate(), created: now.description))
    }

    private func makeRecipients(_ operatorRecipient: String, signer: String) throws {
        let escrow: X25519Identity
        if let sheet = try files.text(.escrowSheet) {
            escrow = try EscrowSheet.identity(on: sheet, named: files.path(of: .escrowSheet))
        } else {
            escrow = try X25519Identity.generate()
            let sheet = EscrowSheet(
                escrow: escrow,
                operatorRecipient: operatorRecipient,
                signers: [signer],
                created: now
            )
            try files.create(.escrowSheet, sheet.text)
        }
        try files.create(
            .recipients,
            """
            # Whom new repositories are encrypted to, one age recipient a line.
            # the operator
            \(operatorRecipient)
            # the escrow sheet
            \(escrow.recipient.text)

            """
        )
    }

    /// The one that is there, or a new one.
    private func signer() throws -> SigningKey {
        if let text = try files.text(.signer) { return try SigningKey(text.firstEntry) }
        return try SigningKey.generate()
    }

    private func noteOnSheet(_ signer: String) throws {
        guard let sheet = try files.text(.escrowSheet), !sheet.contains(signer) else { return }
        try files.write(.escrowSheet, EscrowSheet.adding(signer: signer, to: sheet))
    }

    private func keep(_ signer: SigningKey) throws {
        if try !files.holds(.signer) { try files.create(.signer, signer.secretText + "\n") }
    }

    private func believe(_ signer: String) throws {
        if let text = try files.text(.trustedSigners) {
            if text.entries.contains(signer) { return }
            return try files.write(.trustedSigners, text + (text.hasSuffix("\n") ? "" : "\n") + signer + "\n")
        }
        try files.create(
            .trustedSigners,
            """
            # The keys whose points and records this machine believes, one a line.
            # this machine
            \(signer)

            """
        )
    }
}
