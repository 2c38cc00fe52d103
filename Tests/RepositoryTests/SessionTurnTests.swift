import Diagnostics
import Model
@testable import Repository
import Streams
import Synchronization
import TestSupport
import Testing

@Suite("Runs that exclude each other and come at once")
struct SessionTurnTests {
    private let store = MemoryStore()
    private let scene: Scene

    init() throws { scene = try Scene(store) }

    private func newcomer(_ store: any ObjectStore) throws -> Repository {
        try Repository.open(store, keyring: scene.keyring)
            .running(on: MachineClock(pause: { _ in _ = Stop().sleep(atMost: .milliseconds(2)) }) { .zero })
    }

    private static func attempt(_ repository: Repository, _ kind: SessionKind = .repair) throws -> Session? {
        do {
            return try repository.beginSession(kind: kind, plan: Scene.shop, base: nil)
        } catch let error as Diagnostic where error.code == .busy {
            return nil
        }
    }

    @Test("of several that begin at the same moment exactly one goes on")
    func oneOfMany() throws {
        for _ in 0..<60 {
            let runs = Mutex<[Session]>([])
            let repositories = try (0..<4).map { _ in try newcomer(store) }
            try runWorkers(repositories, workerCount: 4, stop: Stop(), makeWorker: { $0 }) {
                (_: inout Int, repository) in
                if let session = try Self.attempt(repository) { runs.withLock { $0.append(session) } }
            } finishWorker: { _ in
            }
            #expect(runs.withLock { $0.count } == 1)
            for session in runs.withLock({ $0 }) { try session.end() }
            #expect(try scene.repository.sessions().isEmpty)
        }
    }

    @Test("whatever step of the one the other comes at, one of them goes on and one gives way", arguments: 1...14)
    func everyStep(_ step: Int) throws {
        let count = Mutex(0)
        let second = try newcomer(store)
        let inner = Mutex<[Session?]>([])
        let interposed = InterposedStore(inner: store) { _, _ in
            let now = count.withLock { count in
                count += 1
                return count
            }
            guard now == step else { return }
            let session = try? Self.attempt(second)
            inner.withLock { $0.append(session ?? nil) }
        }
        let first = try newcomer(interposed)
        count.withLock { $0 = 0 }
        let outer = try Self.attempt(first)
        let other = inner.withLock { $0.first } ?? nil
        #expect((outer == nil) != (other == nil))
        try outer?.end()
        try other?.end()
    }

    @Test("who is patient is told once whom it waits for, and goes on when that has ended")
    func waits() throws {
        let running = try #require(try Self.attempt(scene.repository))
        let pauses = Mutex(0)
        let told = Mutex<[String]>([])
        let patience = TurnPatience(
            atMost: .seconds(60),
            pause: { _ in
                pauses.withLock { pauses in
                    pauses += 1
                    if pauses == 3 { try? running.end() }
                }
                return true
            },
            tell: { rival in told.withLock { $0.append(rival.summary) } }
        )
        let session = try newcomer(store).beginSession(kind: .repair, plan: Scene.shop, base: nil, turn: patience)
        #expect(pauses.withLock { $0 } == 3)
        #expect(told.withLock { $0 } == ["a repair of 'shop' is running in \(store.displayName)"])
        try session.end()
    }

    @Test("patience ends: when its time is over, or when the run is to end")
    func patienceEnds() throws {
        let running = try #require(try Self.attempt(scene.repository))
        defer { try? running.end() }
        let waited = Mutex(Duration.zero)
        func begin(within limit: Duration) -> DiagnosticCode? {
            let patience = TurnPatience(
                atMost: limit,
                pause: { length in
                    waited.withLock { $0 += length }
                    return true
                },
                tell: { _ in }
            )
            return code {
                _ = try scene.repository.beginSession(kind: .repair, plan: Scene.shop, base: nil, turn: patience)
            }
        }
        #expect(begin(within: .seconds(60)) == .busy)
        #expect(waited.withLock { $0 } == .seconds(60))
        #expect(throws: Stopped.self) {
            let stopped = TurnPatience(atMost: .seconds(60), pause: { _ in false }, tell: { _ in })
            _ = try scene.repository.beginSession(kind: .repair, plan: Scene.shop, base: nil, turn: stopped)
        }
        #expect(try scene.repository.sessions().count == 1)
    }

    @Test("a number that no run would draw ends nobody")
    func hostileTicket() throws {
        let reading = try #require(try Self.attempt(scene.repository, .restore))
        var state = try #require(try scene.repository.sessions().first?.state)
        try reading.end()
        state.ticket = .max
        state.id = String(repeating: "0", count: 32)
        try store.replace(Layout.session(state.id), with: CanonicalJSON.encode(state))
        let session = try #require(try Self.attempt(scene.repository))
        try session.end()
    }
}
