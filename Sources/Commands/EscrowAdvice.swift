import AgeEncryption
import Diagnostics
import Repository
import Terminal

/// What people are told once, when keys are made: without it a lost machine takes every backup with it.
struct EscrowAdvice: Sendable {
    let lines: [StyledText]

    /// Nil when nothing was made.
    init?(_ keyring: Keyring, made: KeysMade) {
        switch made {
        case .nothing: return nil
        case .guest:
            lines = [
                StyledText(
                    "This machine has keys of its own in \(keyring.folder) now; none of them reads rows.",
                    .bold
                ),
                "Name one that does with --identity: the operator's, or the one on the escrow sheet.",
                StyledText(
                    "Other machines believe what this one signs after: lifeboat key trust \(keyring.signer.verifyingKey.text)"
                ),
            ]
        case .signer:
            lines = [
                StyledText(
                    "There was no signer.key in \(keyring.folder); a new one was made, the other keys stayed.",
                    .bold
                ),
                StyledText(
                    "Other machines believe what it signs after: lifeboat key trust \(keyring.signer.verifyingKey.text)"
                ),
            ]
        case .all:
            lines = [
                "",
                StyledText("Keys were made in \(keyring.folder). ") + StyledText("Do this now: ", .boldYellow)
                    + StyledText("the escrow sheet is the way back when this machine is lost.", .bold),
                "  1. print it                   lifeboat key escrow | lp",
                "  2. lock the page away, far from this machine and from the backups",
                StyledText("  3. delete the file            rm \(shellQuoted(keyring.escrowSheetPath))"),
                "Whoever holds the sheet can read every backup; nobody can without it or this machine's keys.",
                "",
            ]
        }
    }
}

/// A word as a shell reads it back.
func shellQuoted(_ word: String) -> String {
    let isPlain =
        !word.isEmpty
        && word.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "/._-@:+,=".utf8.contains(byte)
            }
        }
    return isPlain ? word : "'" + word.replacingEach("'", with: "'\\''") + "'"
}
