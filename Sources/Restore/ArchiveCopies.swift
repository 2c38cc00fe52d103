import AgeEncryption
import Diagnostics
import Model
import Repository
import Synchronization

/// The repositories that hold the archives of a point, in the order in which they are asked; any thread.
///
/// Repositories with the same recipients hold the same encrypted bytes under the same id, so an archive that is gone or
/// damaged in one is taken from the next that has it. Where none has it, the rows are taken from the archives that another
/// repository has of its own for the same point. Every byte is held against a manifest whichever it comes from.
final class ArchiveCopies: Sendable {
    private struct Archive {
        var facts: ArchiveFacts
        /// The position of the repository whose edition of the point lists it; asked first.
        var home: Int
        /// How many repositories have failed.
        var failed = 0
    }

    private struct Failure {
        var archive: ArchiveID
        var position: Int
        var reason: String
    }

    private struct State {
        var archives: [ArchiveID: Archive] = [:]
        var failures: [Failure] = []
        /// Archives that no repository could give, and whose own archives serve instead.
        var replaced: [ArchiveID: Int] = [:]
        var damaged: [Int: String] = [:]

        /// An edition that was admitted before is at home where it was.
        mutating func admit(_ manifest: Manifest, home: Int) {
            for facts in manifest.archives where archives[facts.id] == nil {
                archives[facts.id] = Archive(facts: facts, home: home)
            }
        }
    }

    private let repositories: [Repository]
    private let editions: PointEditions
    private let identities: [any Identity]
    /// What was read of them for many.
    let stretches = Stretches()
    private let state: Mutex<State>

    init(_ repositories: [Repository], of manifest: Manifest, identities: [any Identity]) {
        self.repositories = repositories
        self.identities = identities
        editions = PointEditions(repositories, of: manifest)
        var state = State()
        state.admit(manifest, home: 0)
        self.state = Mutex(state)
    }

    /// What was taken from another repository and why, a sentence each.
    var notices: [String] { state.withLock { state in state.failures.compactMap { notice(of: $0, state) } } }

    /// The positions of repositories that lack an archive or hold it damaged, each with what was found first.
    var damaged: [Int: String] { state.withLock { $0.damaged } }

    /// Opens an archive where it can be opened.
    func open(_ id: ArchiveID) throws -> ArchiveReader {
        guard let facts = state.withLock({ $0.archives[id]?.facts }) else {
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
    func position(of id: ArchiveID) -> Int { state.withLock { position(of: id, $0) } }

    /// Takes an archive from the next repository from now on; false when there is none, or when the fault is not the
    /// repository's.
    func passOver(_ id: ArchiveID, at position: Int, because error: Diagnostic) -> Bool {
        guard error.isFaultOfOneCopy else { return false }
        // It is not damaged for lacking what it never had.
        let isMissed = error.code != .objectMissing || editions.lists(id, at: position)
        return state.withLock { state in
            // Another worker may have found out before.
            guard self.position(of: id, state) == position else { return true }
            let reason = error.cause.map { "\(error.summary): \($0)" } ?? error.summary
            if isMissed {
                if error.code == .objectCorrupt || error.code == .objectMissing {
                    state.damaged[position] = state.damaged[position] ?? reason
                }
                if !state.failures.contains(where: { $0.archive == id && $0.position == position }) {
                    state.failures.append(Failure(archive: id, position: position, reason: reason))
                }
            }
            guard let archive = state.archives[id], archive.failed + 1 < repositories.count else { return false }
            state.archives[id]?.failed += 1
            return true
        }
    }

    /// The same rows as in `part`, in archives that the next repository after `edition` has of its own for them.
    ///
    /// Nil when none has, or when the fault is not that of the archives. `archive` is what could not be had.
    func counterpart<Part: Equatable>(
        of part: Part,
        insteadOf archive: ArchiveID,
        after edition: Int,
        because error: Diagnostic,
        _ find: (Manifest) -> Part?
    ) -> (edition: Int, part: Part)? {
        guard error.isFaultOfOneCopy else { return nil }
        for position in repositories.indices.dropFirst(edition + 1) {
            guard let manifest = editions.manifest(at: position), let other = find(manifest), other != part else {
                continue
            }
            state.withLock { state in
                state.admit(manifest, home: position)
                state.replaced[archive] = position
            }
            return (position, other)
        }
        return nil
    }

    /// The first that has it, and from there in a circle.
    private func position(of id: ArchiveID, _ state: State) -> Int {
        state.archives[id].map { ($0.home + $0.failed) % repositories.count } ?? 0
    }

    private func notice(of failure: Failure, _ state: State) -> String? {
        let because = "because in \(repositories[failure.position].displayName) \(failure.reason)"
        if let position = state.replaced[failure.archive] {
            let other = repositories[position].displayName
            return "what lies in archive '\(failure.archive)' was taken from other archives of \(other), \(because)"
        }
        let source = position(of: failure.archive, state)
        guard source != failure.position else { return nil }
        return "archive '\(failure.archive)' was taken from \(repositories[source].displayName), \(because)"
    }
}

extension Diagnostic {
    /// Whether another repository may serve where this one failed.
    fileprivate var isFaultOfOneCopy: Bool {
        switch code {
        case .objectCorrupt, .objectMissing, .repositoryStorage, .repositoryMissing, .repositoryUnreachable,
            .repositoryAccess, .fileAccess:
            true
        default: false
        }
    }
}
