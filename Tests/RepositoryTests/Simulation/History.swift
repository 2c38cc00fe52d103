import AgeEncryption
import Diagnostics
import Model
import Policy
import Repository
import Streams
import TestSupport

/// One history: a few points, and some processes at work on them for two weeks, as the seed has it.
struct History {
    let seed: UInt64
    let world: World
    private var random: SeededGenerator
    private let plan = Scene.shop

    /// `content` is a fresh repository of `keyring`.
    init(seed: UInt64, content: [ObjectKey: [UInt8]], keyring: Keyring, mutant: Mutant? = nil) {
        self.seed = seed
        random = SeededGenerator(seed: seed)
        let scheduler = Scheduler()
        let objects = SimulatedObjects(scheduler, content)
        world = World(scheduler, objects, keyring, mutant, wild: random.chance(5))
    }

    /// Plays it, and returns what was broken.
    mutating func play() -> [String] {
        let horizon = 6 * 24 * 3600
        var jobs: [Work] = (0..<3).map { .backup(slot: $0) }
        for _ in 0..<random.int(4...9) { jobs.append(anyWork()) }
        for (number, job) in jobs.enumerated() {
            let name = "\(number)-\(job)"
            let second = number < 3 ? number * 3600 : random.int(4 * 3600...horizon)
            start(job, name, at: .seconds(second), isCalm: number < 2)
        }
        if world.hasWildClocks {
            for _ in 0..<3 { moveClock(at: random.int(0...horizon), by: random.int(-200_000...200_000)) }
        } else {
            for _ in 0..<3 { moveClock(at: random.int(0...horizon), by: random.int(-140...140)) }
        }
        world.scheduler.run()
        settle()
        return world.violations
    }

    private mutating func anyWork() -> Work {
        switch random.int(0...9) {
        case 0...2: .backup(slot: random.int(3...40))
        case 3...4: .prune(now: false, keep: random.int(1...2))
        case 5...6: .prune(now: true, keep: random.int(1...2))
        case 7: .hold(releases: random.chance(3))
        default: .restore
        }
    }

    private mutating func fortune(isCalm: Bool) -> Actor.Fortune {
        guard !isCalm else {
            return Actor.Fortune(pace: .seconds(2), sleepOdds: 0, deathAt: nil, faultOdds: 0, skew: .zero)
        }
        return Actor.Fortune(
            pace: [.seconds(1), .seconds(60), .seconds(500)][random.int(0...2)],
            sleepOdds: [0, 30, 60, 15][random.int(0...3)],
            deathAt: random.chance(6) ? random.int(1...60) : nil,
            faultOdds: random.chance(6) ? 25 : 0,
            skew: .seconds(world.hasWildClocks ? random.int(-300_000...300_000) : random.int(-240...240))
        )
    }

    private mutating func start(_ work: Work, _ name: String, at wake: Duration, isCalm: Bool) {
        let fortune = fortune(isCalm: isCalm)
        let seed = random.next()
        let world = world
        world.scheduler.add(name, at: wake) { turn in
            let actor = Actor(work.kind, in: world, turn, seed: seed, fortune)
            world.trace("\(name) begins: \(work) \(fortune)")
            work.perform(actor)
            if actor.isDead, actor.int(0...1) == 0 { Self.bury(actor) }
        }
    }

    private func moveClock(at second: Int, by seconds: Int) {
        let objects = world.objects
        world.scheduler.add("clock", at: .seconds(second)) { _ in objects.setSkew(.seconds(seconds)) }
    }

    /// Others on the same machine see at once that a killed process is gone: its sessions say so.
    private static func bury(_ actor: Actor) {
        let objects = actor.world.objects
        for key in actor.sessions {
            guard let bytes = objects[key]?.bytes else { continue }
            let text = String(decoding: bytes, as: UTF8.self)
            objects.put(key, Array(text.replacing("\"startTicks\":\"", with: "\"startTicks\":\"9").utf8))
        }
    }

    /// After everything, when every lease has ended whatever the clock was when it was written: what was promised is there, and the next backup and prune work without a hand being lent.
    private func settle() {
        let world = world
        world.objects.setSkew(.zero)
        for attempt in 0..<2 {
            world.scheduler.add("after", at: world.scheduler.now + .seconds(90 * 3600)) { turn in
                let calm = Actor.Fortune(pace: .zero, sleepOdds: 0, deathAt: nil, faultOdds: 0, skew: .zero)
                let actor = Actor(.oracle, in: world, turn, seed: 1, calm)
                Aftermath(actor: actor, slot: 100 + attempt).check()
            }
            world.scheduler.run()
        }
    }
}

/// What must hold when a history is over.
private struct Aftermath {
    let actor: Actor
    let slot: Int

    func check() {
        do {
            let repository = try actor.open()
            try checkPromises(repository)
            try Work.backUp(actor, repository, slot: slot)
            let keep = RetentionPolicy(keep: .init(last: 2))
            _ = try Work.prune(actor, repository, keep, isImmediate: false)
            try checkPromises(repository)
        } catch {
            actor.world.violate("I4: \(error)")
        }
    }

    private func checkPromises(_ repository: Repository) throws {
        let listed = Set(try repository.listPoints().map(\.name))
        let committed = actor.world.committed
        for point in listed where committed[point] != nil {
            if let bad = try repository.verify([point], stop: Stop()).bad.first {
                actor.world.violate("I1: '\(point)' is bad: \(bad.reason)")
            }
        }
        for point in actor.world.held where !listed.contains(point) {
            actor.world.violate("I3: held point '\(point)' is gone")
        }
    }
}
