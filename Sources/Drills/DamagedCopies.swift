package import Repository
import Synchronization

/// The repositories in which a rehearsal found its point damaged, so that it went on with the next copy; any thread.
package final class DamagedCopies: Sendable {
    private let entries = Mutex<[(repository: Repository, reason: String)]>([])

    /// Each with what was found first there, in the order in which they are asked.
    package var all: [(repository: Repository, reason: String)] { entries.withLock { $0 } }

    func add(_ repository: Repository, _ reason: String) { entries.withLock { $0.append((repository, reason)) } }
}
