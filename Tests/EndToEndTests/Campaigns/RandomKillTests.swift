import Glibc
import Model
import PostgresClient
import Repository
import Streams
import TestSupport
import Testing

/// The program is killed at moments that nobody chose; the oracle looks at what is left.
@Suite("Killed at random moments")
struct RandomKillTests {
    @Test("each kind of run: the nine promises hold")
    func anyMoment() throws {
        try ProgramWorld.with { world in
            for run in [ProgramWorld.Run.backup, .prune, .verify, .restore, .drill] { try campaign(run, world) }
        }
    }

    /// A thousand kills and more in a campaign; a drill starts a server, and is killed less often.
    private func campaign(_ run: ProgramWorld.Run, _ world: ProgramWorld) throws {
        let name = "kill:\(run.rawValue)"
        guard CampaignSize.includes(name) else { return }
        let total = run == .drill ? 100 : 300
        let numbers = CampaignSize.numbers(name, sample: run.commits ? 2 : 1, of: total)
        let length = try world.length(of: run)
        var (breaches, killed) = (0, 0)
        for number in numbers {
            try world.reset(for: run)
            let before = try Oracle.Before(world.store, removable: run == .prune ? world.removable : [])
            if try world.kill(run, after: length * UInt64(number) / UInt64(total)).isKilled { killed += 1 }
            let found = try judge(run, before, world)
            for breach in found { Issue.record("\(breach) [LIFEBOAT_FAULT=\(name):\(number)]") }
            breaches += found.count
        }
        CampaignSize.report(name, ran: killed, of: total, breaches: breaches)
    }

    private func judge(_ run: ProgramWorld.Run, _ before: Oracle.Before, _ world: ProgramWorld) throws -> [Breach] {
        let new = try before.newPoints(in: world.store)
        let slot = run.commits ? new.first ?? World.name(0) : nil
        var found = try world.oracle.breaches(in: world.store, since: before.with(slot: slot), .unseen)
        if let point = new.first { found += try world.oracle.unfaithful(world.store, point, world.picture) }
        let next = try world.scene.program(world.line(.backup), ProgramWorld.secret)
        if next.status != 0 { found.append(Breach(promise: .recovers, text: "the next backup fails: \(next)")) }
        return found
    }
}

extension ProgramWorld {
    /// How long a run takes when nobody kills it, in microseconds.
    func length(of run: Run) throws -> UInt64 { try kill(run, after: 60_000_000).lasted }

    /// Starts a run and kills it after some microseconds, unless it has ended by then; and how long it lived.
    func kill(_ run: Run, after delay: UInt64) throws -> (isKilled: Bool, lasted: UInt64) {
        try withDatabase(options: "TEMPLATE template0") { target in
            let environment = scene.environment(Self.secret)
            let launch = ChildLaunch(Scene.program, line(run, target: target), environment: environment)
            let start = ContinuousClock.now
            let child = try ChildProcess(starting: launch)
            while child.endingIfOver() == nil, ContinuousClock.now < start + .microseconds(Int64(delay)) { usleep(200) }
            child.send(.kill)
            let isKilled = child.wait() == .killed(signal: SIGKILL)
            return (isKilled, UInt64((ContinuousClock.now - start) / .microseconds(1)))
        }
    }
}
