import AgeEncryption
import Model

/// Makes the keys of a new keyring.
///
/// `signer.key` is written last: before it is there, nothing can have been encrypted or signed with the rest, so an
/// interrupted creation is simply done again.
struct KeyringCreation {
    var files: KeyringFolder
    var now: Instant

    func run() throws {
        let operatorIdentity = try X25519Identity.generate()
        let escrow = try X25519Identity.generate()
        let host = try X25519Identity.generate()
        let signer = try SigningKey.generate()
        let sheet = EscrowSheet(
            escrow: escrow,
            operatorRecipient: operatorIdentity.recipient.text,
            signers: [signer.verifyingKey.text],
            created: now
        )
        try files.write(.escrowSheet, sheet.text)
        try files.write(
            .recipients,
            """
            # Whom new repositories are encrypted to, one age recipient a line.
            # the operator
            \(operatorIdentity.recipient.text)
            # the escrow sheet
            \(escrow.recipient.text)

            """
        )
        try files.write(.operatorIdentity, IdentityFile.text(for: operatorIdentity, created: now.description))
        try files.write(.host, IdentityFile.text(for: host, created: now.description))
        try files.write(
            .trustedSigners,
            """
            # The keys whose points and records this machine believes, one a line.
            # this machine
            \(signer.verifyingKey.text)

            """
        )
        try files.write(.signer, signer.secretText + "\n")
    }
}
