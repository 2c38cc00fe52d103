import AgeEncryption
import Diagnostics
import Model

/// The page to print and lock away: enough to restore on an empty machine with nothing else.
package struct EscrowSheet: Sendable {
    private let escrow: X25519Identity
    private let operatorRecipient: String
    private let signers: [String]
    private let created: Instant

    private static let repositoriesHeading = "REPOSITORIES"
    private static let signersHeading = "SIGNERS (public: believe only what one of these has signed)"

    init(escrow: X25519Identity, operatorRecipient: String, signers: [String], created: Instant) {
        self.escrow = escrow
        self.operatorRecipient = operatorRecipient
        self.signers = signers
        self.created = created
    }

    /// The sheet's text; it holds a secret.
    var text: String {
        """
        LIFEBOAT ESCROW SHEET                                     \(created)
        =====================

        Print this page, lock it away from the machines it protects, and delete the
        file. Whoever holds it can read every backup; without it and without the
        operator's identity nobody can.

        ESCROW IDENTITY (secret)

          \(escrow.secretText)

        RECIPIENTS (public: whom backups are encrypted to)

          escrow    \(escrow.recipient.text)
          operator  \(operatorRecipient)

        \(Self.signersHeading)

        \(signers.map { "  " + $0 }.joined(separator: "\n"))

        HOW TO RESTORE WITH LIFEBOAT

          1. Save the line that begins with AGE-SECRET-KEY-1 as escrow.txt; chmod 600 it.
          2. lifeboat key trust SIGNER         (each signer above)
          3. lifeboat points --from REPOSITORY --identity escrow.txt
          4. lifeboat restore latest --from REPOSITORY --identity escrow.txt --to URL

        HOW TO RESTORE WITHOUT LIFEBOAT

          Every repository holds RECOVERY.md: age, zstd, tar, jq and psql are enough.

        \(Self.repositoriesHeading)


        """
    }

    /// The sheet's text with one more signer on it.
    static func adding(signer: String, to text: String) -> String {
        text.replacing(signersHeading + "\n\n", with: signersHeading + "\n\n  \(signer)\n", maxReplacements: 1)
    }

    /// The escrow identity that stands on a sheet; `name` is for the error when there is none.
    static func identity(on text: String, named name: String) throws -> X25519Identity {
        let line = text.split(separator: "\n").map { $0.drop { $0 == " " } }.first { $0.hasPrefix("AGE-SECRET-KEY-1") }
        guard let line else {
            throw Diagnostic(
                .keyInvalid,
                "there is no identity on the escrow sheet '\(name)'",
                cause: "no line begins with AGE-SECRET-KEY-1",
                hint: "Move the sheet elsewhere; a new one is made then."
            )
        }
        return try X25519Identity(String(line))
    }

    /// The sheet's text with one more repository on it.
    static func adding(repository id: String, place: String, to text: String) -> String {
        text + (text.hasSuffix("\n") ? "" : "\n") + "  \(id)  \(place)\n"
    }
}
