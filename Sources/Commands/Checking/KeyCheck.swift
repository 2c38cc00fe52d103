import Diagnostics
import Repository

/// Whether the keys are where they should be: here for what runs here, and somewhere else for the day this machine is gone.
struct KeyCheck {
    let keyring: Keyring
    /// Whether anything on this machine has to read rows by itself.
    let drillsAreScheduled: Bool
    let environment: [String: String]

    func run(_ list: inout CheckList) {
        if keyring.recipients.count < 2 {
            list.warn(
                "keys",
                "new repositories are encrypted to one recipient only",
                hint: "Add a second one, kept elsewhere, to '\(keyring.folder)/recipients'."
            )
        }
        if list.attempt("keys", { try keyring.escrowSheet() })?.map({ _ in true }) == true {
            list.warn(
                "escrow",
                "the escrow sheet is still on this machine",
                cause: "whoever takes this machine takes the key to every backup with it",
                hint:
                    "Run 'lifeboat key escrow | lp', lock the page away, then: rm \(shellQuoted(keyring.escrowSheetPath))"
            )
        } else {
            list.ok("escrow", "the escrow sheet was moved away")
        }
        guard let state = list.attempt("keys", { try keyring.operatorIdentityState() }) else { return }
        judge(state, &list)
    }

    private func judge(_ state: OperatorIdentityState, _ list: inout CheckList) {
        let hasPassphraseFile = environment["LIFEBOAT_PASSPHRASE_FILE"] != nil
        switch state {
        case .absent where drillsAreScheduled:
            list.fail(
                "keys",
                Diagnostic(
                    .keyMissing,
                    "drills are scheduled here, and no identity is on this machine",
                    hint: "Run drills on a machine that holds 'operator.identity', and take 'schedule.drill' out here."
                )
            )
        case .protected where drillsAreScheduled && !hasPassphraseFile:
            list.fail(
                "keys",
                Diagnostic(
                    .keyMissing,
                    "a scheduled drill would ask for the passphrase of '\(keyring.operatorIdentityPath)'",
                    hint: "Name a file with it in LIFEBOAT_PASSPHRASE_FILE, in the environment of the scheduled drill."
                )
            )
        case .absent: list.ok("keys", "backups can be taken; restores need an identity from elsewhere")
        case .protected: list.ok("keys", "the operator's identity is here, protected by a passphrase")
        case .open where drillsAreScheduled:
            list.ok("keys", "the operator's identity is here and open, as scheduled drills need it")
        case .open:
            list.warn(
                "keys",
                "the operator's identity has no passphrase",
                cause: "whoever reads '\(keyring.operatorIdentityPath)' reads every backup",
                hint: "Run 'lifeboat key protect'."
            )
        }
    }
}
