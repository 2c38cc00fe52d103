import AgeEncryption
import Diagnostics
import Model
import Repository
import Synchronization

/// The repositories that hold the archives of a point, in the order in which they are asked; any thread.
///
/// Repositories with the same recipients hold the same encrypted bytes under the same id, so an archive that is gone or
/// damaged in one is taken from the next that has it. Every byte is held against the manifest whichever it comes from.
final class ArchiveCopies: Sendable {
    private struct State {
        /// For archives that failed somewhere, the first repository that has not failed.
        var next: [ArchiveID: Int] = [:]
        var notices: [String] = []
        var damaged: [Int: String] = [:]
    }

    private let repositories: [Repository]
    private let facts: [ArchiveID: ArchiveFacts]
    private let identities: [any Identity]
    /// What was read of them for many.
    let stretches = Stretches()
    private let state = Mutex(State())

    init(_ repositories: [Repository], of manifest: Manifest, identities: [any Identity]) {
        self.repositories = repositories
        self.identities = identities
        facts = Dictionary(manifest.archives.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// What was taken from another repository and why, a sentence each.
    var notices: [String] { state.withLock { $0.notices } }

    /// The positions of repositories that lack an archive or hold it damaged, each with what was found first.
    var damaged: [Int: String] { state.withLock { $0.damaged } }

    /// Opens an archive where it can be opened.
    func open(_ id: ArchiveID) throws -> ArchiveReader {
        guard let facts = facts[id] else {
            throw Diagnostic(.objectCorrupt, "the point refers to archive '\(id)', which it does not list")
        }
        while true {
            let position = position(of: id)
            do {
                return try repositories[position].openArchive(facts, identities: identities)
            } catch let error as Diagnostic {
                guard passOver(id, at: position, because: error) else { throw error }
            }
        }
    }

    /// The repository that an archive is taken from now.
    func position(of id: ArchiveID) -> Int { state.withLock { $0.next[id] ?? 0 } }

    /// Takes an archive from the next repository from now on; false when there is none, or when the fault is not the
    /// repository's.
    func passOver(_ id: ArchiveID, at position: Int, because error: Diagnostic) -> Bool {
        switch error.code {
        case .objectCorrupt, .objectMissing, .repositoryStorage, .repositoryMissing, .repositoryUnreachable,
            .repositoryAccess, .fileAccess:
            break
        default: return false
        }
        return state.withLock { state in
            // Another worker may have found out before.
            guard state.next[id] ?? 0 == position else { return true }
            guard position + 1 < repositories.count else { return false }
            state.next[id] = position + 1
            let reason = error.cause.map { "\(error.summary): \($0)" } ?? error.summary
            if error.code == .objectCorrupt || error.code == .objectMissing {
                state.damaged[position] = state.damaged[position] ?? reason
            }
            state.notices.append(
                "archive '\(id)' was taken from \(repositories[position + 1].displayName), because in"
                    + " \(repositories[position].displayName) \(reason)"
            )
            return true
        }
    }
}
