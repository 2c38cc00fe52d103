import Diagnostics
import Model
import Repository
import Synchronization
import TestSupport

/// One process of a history: a backup, a prune, a hold, a restore or a drill, with its own pace, clock and bad luck.
final class Actor: Sendable {
    enum Kind: String, Sendable { case backup, prune, hold, restore, oracle }

    /// How a process fares.
    struct Fortune: Sendable {
        /// The longest ordinary pause between two operations.
        var pace: Duration
        /// One operation in so many is followed by a pause of up to three days; 0 for none.
        var sleepOdds: Int
        /// The operation before which it is killed; nil when it lives.
        var deathAt: Int?
        /// One operation in so many fails or loses its answer; 0 for none.
        var faultOdds: Int
        /// How far its own clock is from the truth.
        var skew: Duration
    }

    private struct State {
        var random: SeededGenerator
        var operations = 0
        var isDead = false
        var manifest: Manifest?
        var sessions: Set<ObjectKey> = []
        var lastBeat = Duration.zero
        var longestSilence = Duration.zero
    }

    let kind: Kind
    let world: World
    let lens: Lens
    let fortune: Fortune
    private let turn: Scheduler.Turn
    private let state: Mutex<State>

    init(_ kind: Kind, in world: World, _ turn: Scheduler.Turn, seed: UInt64, _ fortune: Fortune) {
        self.kind = kind
        self.world = world
        self.turn = turn
        self.fortune = fortune
        lens = Lens(world.mutant, for: kind)
        state = Mutex(State(random: SeededGenerator(seed: seed), lastBeat: world.scheduler.now))
    }

    /// The point that it is about to create.
    func willCreate(_ manifest: Manifest) { state.withLock { $0.manifest = manifest } }
    func hasCreatedPoint() { if let manifest = state.withLock({ $0.manifest }) { world.created(manifest) } }

    /// What the actor's own clock says.
    var now: Instant { SimulatedObjects.beginning + world.scheduler.now + fortune.skew }

    var isDead: Bool { state.withLock { $0.isDead } }

    /// The longest time without a sign of life so far.
    var longestSilence: Duration {
        let now = world.scheduler.now
        return state.withLock { max($0.longestSilence, now - $0.lastBeat) }
    }

    /// The repository as this process opens it.
    func open() throws -> Repository {
        let store = SimulatedStore(world.objects, for: self)
        let scheduler = world.scheduler
        let noticesSleep = lens.noticesSleep
        let clock = MachineClock { noticesSleep ? scheduler.now : .zero }
        return try Repository.open(store, keyring: world.keyring).running(on: clock)
    }

    /// Lets time pass before an operation, and says what becomes of it.
    func fate(before operation: Operation) -> SimulatedStore.Fate {
        guard kind != .oracle else { return .proceed }
        if isDead { return .die }
        if !operation.isPointRemoval { pause(operation) }
        world.count(operation)
        world.trace("\(turn.name) \(operation.kind) \(operation.key)")
        return state.withLock { state in
            state.operations += 1
            if state.operations == fortune.deathAt {
                state.isDead = true
                return .die
            }
            if fortune.faultOdds > 0, state.random.chance(fortune.faultOdds) {
                return state.random.chance(2) ? .loseAnswer : .refuse
            }
            return .proceed
        }
    }

    func pauseAfter(_ operation: Operation) {
        if operation.kind == .replace, operation.key.text.hasPrefix(Layout.sessions + "/") { beat(operation.key) }
        if kind != .oracle, operation.isPointRemoval { pause(operation) }
    }

    /// The sessions that it wrote.
    var sessions: Set<ObjectKey> { state.withLock { $0.sessions } }

    private func beat(_ session: ObjectKey) {
        let now = world.scheduler.now
        state.withLock { state in
            state.sessions.insert(session)
            state.longestSilence = max(state.longestSilence, now - state.lastBeat)
            state.lastBeat = now
        }
    }

    private func pause(_ operation: Operation) {
        let odds = operation.isDelicate ? (fortune.sleepOdds + 3) / 4 : fortune.sleepOdds
        let span: Duration = state.withLock { state in
            if odds > 0, state.random.chance(odds) {
                return .seconds(state.random.int(1800...260_000))
            }
            return .milliseconds(state.random.int(1...max(2, Int(fortune.pace.inSeconds * 1000))))
        }
        scheduler.pause(turn, for: span)
    }

    /// A random number of this actor's own.
    func int(_ range: ClosedRange<Int>) -> Int { state.withLock { $0.random.int(range) } }

    private var scheduler: Scheduler { world.scheduler }
}
