import Diagnostics
import Glibc

/// Turns what the system refused into what a person reads.
struct FolderFailure {
    var displayName: String

    /// `action` completes "cannot …"; `errno` must still be that of the failed call.
    func diagnostic(_ action: String, _ number: Int32 = errno) -> Diagnostic {
        let cause = String(cString: strerror(number))
        switch number {
        case ENOSPC, EDQUOT, EFBIG:
            return Diagnostic(
                .repositoryFull,
                "cannot \(action): \(displayName) is full",
                cause: cause,
                hint: "Free space there: 'lifeboat prune' shows which points retention no longer needs.",
                retry: .later
            )
        case ELOOP, ENOTDIR:
            return Diagnostic(
                .repositoryStorage,
                "cannot \(action) in \(displayName)",
                cause: "a symbolic link or a file stands where a folder should be",
                hint: "Put back the folder; links inside a repository are never followed."
            )
        case EACCES, EPERM, EROFS:
            return Diagnostic(
                .repositoryStorage,
                "cannot \(action) in \(displayName)",
                cause: cause,
                hint: "Give this user the right to read and write there."
            )
        default:
            return Diagnostic(.repositoryStorage, "cannot \(action) in \(displayName)", cause: cause)
        }
    }

    /// `errno` must still be that of the failed call.
    func deleteDenied(_ key: ObjectKey) -> Diagnostic {
        Diagnostic(
            .deleteDenied,
            "cannot remove '\(key)' from \(displayName): it may not be deleted",
            cause: String(cString: strerror(errno)),
            hint: "Prune as a user who may delete there; nothing else is affected."
        )
    }

    func missingFolder() -> Diagnostic {
        Diagnostic(
            .repositoryMissing,
            "the repository folder \(displayName) does not exist",
            hint: "Mount the disk it lies on, correct the path, or make a repository with 'lifeboat repo init'."
        )
    }
}
