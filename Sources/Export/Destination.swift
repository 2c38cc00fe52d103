import Diagnostics
import Model
import Repository
import Streams
import Synchronization

/// One repository that a run writes to, until it fails or has the point; any thread.
///
/// What goes wrong in one place must not lose the point in the others: the first error is kept, and from then on nothing
/// is written there.
final class Destination: Sendable {
    private enum State {
        case live
        case lost(any Error)
        case committed(ExportOutcome)
    }

    /// Its place among the run's destinations.
    let index: Int
    let repository: Repository
    /// The point that this run may build on here, and what was passed over to find it.
    let base: NewestPoint
    let ledger = ExportLedger()
    let register = ArchiveRegister()
    private let session: Session?
    private let state: Mutex<State>
    private let hasTriedCommit = Mutex(false)

    /// Announces the run in the repository and looks for its base; a repository that refuses is lost at once.
    init(_ repository: Repository, index: Int, plan: PlanName, turn: TurnPatience) {
        self.repository = repository
        self.index = index
        var session: Session?
        var base = NewestPoint()
        var state = State.live
        do {
            session = try repository.beginSession(kind: .backup, plan: plan, base: nil, turn: turn)
            base = try repository.newest(plan: plan)
            if let point = base.point { try session?.use(base: point.name) }
        } catch {
            state = .lost(error)
        }
        self.session = session
        self.base = base
        self.state = Mutex(state)
    }

    /// Whether the run still writes here.
    var isLive: Bool {
        state.withLock { if case .live = $0 { true } else { false } }
    }

    /// What became of the run here; nil while it goes on.
    var result: Result<ExportOutcome, any Error>? {
        state.withLock { state in
            switch state {
            case .live: nil
            case .lost(let error): .failure(error)
            case .committed(let outcome): .success(outcome)
            }
        }
    }

    /// Writes here no more; the first reason counts.
    func lose(_ error: any Error) {
        state.withLock { if case .live = $0 { $0 = .lost(error) } }
    }

    /// Loses this destination over an error of its own; an end that was asked for is everybody's and is thrown.
    func take(_ error: any Error) throws {
        if error is Stopped { throw error }
        lose(error)
    }

    /// What `body` returns, or nil when it failed and the destination is lost.
    func attempt<Value>(_ body: () throws -> Value) throws -> Value? {
        guard isLive else { return nil }
        do {
            return try body()
        } catch {
            try take(error)
            return nil
        }
    }

    /// Commits the point here; from the attempt on, what was stored for it is no longer this run's to remove.
    func commit(_ manifest: Manifest, _ catalog: PackedText) throws -> StoredPoint {
        hasTriedCommit.withLock { $0 = true }
        return try repository.commit(manifest: manifest, catalog: catalog, session: session)
    }

    /// Says that the point is here.
    func settle(_ outcome: ExportOutcome) { state.withLock { $0 = .committed(outcome) } }

    /// Ends the session; where the commit was never tried, nothing refers to what was stored, and it is removed.
    func end() {
        if !hasTriedCommit.withLock({ $0 }) {
            for archive in register.archives {
                guard (try? repository.store.remove(repository.archiveKey(archive.id))) != nil else { break }
            }
        }
        try? session?.end()
    }
}

extension [Destination] {
    /// Those that the run still writes to.
    var live: [Destination] { filter(\.isLive) }

    /// Throws when nobody is left to read for.
    func requireAny() throws {
        guard !contains(where: \.isLive) else { return }
        for case .failure(let error)? in map(\.result) { throw error }
    }
}
