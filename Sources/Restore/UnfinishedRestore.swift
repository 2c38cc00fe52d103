import Diagnostics
import PostgresClient

/// What to say when a restore ends in the middle: other than a backup, it leaves something behind.
struct UnfinishedRestore {
    let database: String
    /// Whether the target held something of its own before.
    let isShared: Bool
    let wasInterrupted: Bool

    /// The error with the state of the target and the way to begin again in its hint.
    func explained(_ error: any Error) -> any Error {
        if wasInterrupted {
            return Diagnostic(
                .interrupted,
                "interrupted in the middle of a restore",
                cause: "a signal asked for the end",
                hint: remedy
            )
        }
        var diagnostic: Diagnostic
        switch error {
        case let known as Diagnostic: diagnostic = known
        case let known as PostgresError: diagnostic = known.diagnostic(while: "the target refused a statement")
        default: return error
        }
        let advice = diagnostic.code == .databasePermission ? "Restore as a role that may do it." : diagnostic.hint
        diagnostic.hint = [advice, remedy].compactMap(\.self).joined(separator: " ")
        return diagnostic
    }

    private var remedy: String {
        isShared
            ? "Database '\(database)' may hold a part of what was to be restored: drop that part before the next try."
            : "Database '\(database)' may hold a part of the point: drop it, create it again and start over."
    }
}
