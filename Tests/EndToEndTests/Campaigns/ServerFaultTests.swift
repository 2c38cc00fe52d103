import Diagnostics
import Glibc
import Model
import PostgresClient
import Repository
import Streams
import TestSupport
import Testing

/// The connection to the database breaks after any number of bytes, and its server too; the oracle looks at what is left.
@Suite("The connection breaks at any byte, and the server dies")
struct ServerFaultTests {
    enum Kind: String, CaseIterable {
        case cut
        case reset
        case stall
        case drip
        /// An administrator ends every session of the program.
        case terminate
        /// A process of the server is killed, so that the whole server starts again.
        case crash

        /// Whether the run can go on as if nothing had been.
        var isHarmless: Bool { self == .drip }
    }

    @Test("while a backup reads: the nine promises hold")
    func backup() throws {
        var tally = Tally()
        try ProgramWorld.with { world in
            for kind in Kind.allCases where kind != .crash { tally += try backup(kind, world) }
        }
        try ProgramWorld.with(serverOfItsOwn: true) { world in tally += try backup(.crash, world) }
        #expect(tally.isOfWorth)
    }

    private func backup(_ kind: Kind, _ world: ProgramWorld) throws -> Tally {
        try campaign("server:backup:\(kind.rawValue)", kind, world) { port in
            world.line(.backup, through: port)
        } judge: { answer, before, trace in
            let new = try before.newPoints(in: world.store)
            var found = try world.oracle.breaches(
                in: world.store,
                since: before.with(slot: new.first ?? World.name(0)),
                answer.status == 0 ? .succeeded : .failed
            )
            if let point = new.first { found += try world.oracle.unfaithful(world.store, point, world.picture) }
            return found
        }
    }

    @Test("while a restore writes: no success without the rows")
    func restore() throws {
        var tally = Tally()
        try ProgramWorld.with { world in
            try withDatabase(options: "TEMPLATE template0") { target in
                for kind in [Kind.cut, .reset, .drip, .terminate] { tally += try restore(kind, world, target) }
            }
        }
        #expect(tally.isOfWorth)
    }

    private func restore(_ kind: Kind, _ world: ProgramWorld, _ target: ConnectionSettings) throws -> Tally {
        try campaign("server:restore:\(kind.rawValue)", kind, world) { port in
            try Connection(PostgresServer.shared().settings()).execute(
                "DROP DATABASE \(target.database) WITH (FORCE); "
            )
            try Connection(PostgresServer.shared().settings()).execute(
                "CREATE DATABASE \(target.database) TEMPLATE template0"
            )
            return world.line(.restore, through: port, target: target)
        } judge: { answer, before, trace in
            var found = try world.oracle.breaches(in: world.store, since: before, .unseen)
            if answer.status == 0 {
                let rows = try Connection(target).query("SELECT count(*), count(DISTINCT body) FROM page")
                if rows[0, 0] != "300" || rows[0, 1] != "300" {
                    found.append(Breach(promise: .noticed, text: "a restore ended well with other rows"))
                }
            }
            return found
        }
    }

    private func campaign(
        _ name: String,
        _ kind: Kind,
        _ world: ProgramWorld,
        line: (Int) throws -> [String],
        judge: (Answer, Oracle.Before, String) throws -> [Breach]
    ) throws -> Tally {
        guard CampaignSize.includes(name) else { return Tally() }
        let total = try count(world, line)
        // Where in the conversation something happens matters, not at which of its bytes: every 97th, in a campaign.
        let numbers = CampaignSize.numbers(name, sample: 1, of: total / 97)
        var (breaches, reached) = (0, 0)
        for number in numbers {
            try world.reset(for: .backup)
            let before = try Oracle.Before(world.store)
            let proxy = try FaultyProxy(to: world.serverPort, world.fault(kind), after: number * 97)
            let answer = try world.scene.program(line(proxy.port), ProgramWorld.secret)
            let hasFired = proxy.hasFired
            proxy.stop()
            if hasFired { reached += 1 }
            var found = world.oracle.exposed(by: answer)
            if answer.status != 0, answer.errorLines.count < 2 {
                found.append(Breach(promise: .honest, text: "the program failed and does not say why"))
            }
            if kind.isHarmless, answer.status != 0 {
                found.append(Breach(promise: .recovers, text: "a slow connection is taken for a broken one"))
            }
            try world.waitForServer()
            found += try judge(answer, before, name) + next(world)
            for breach in found { Issue.record("\(breach) [LIFEBOAT_FAULT=\(name):\(number)]\n\(answer)") }
            breaches += found.count
        }
        CampaignSize.report(name, ran: reached, of: total / 97, breaches: breaches)
        return Tally(tried: numbers.count, reached: reached)
    }

    /// How many faults were prepared, and how many came about: a run may end before its fault, all of them may not.
    private struct Tally {
        var tried = 0
        var reached = 0

        var isOfWorth: Bool { tried == 0 || reached > 0 }

        static func += (tally: inout Tally, other: Tally) {
            tally.tried += other.tried
            tally.reached += other.reached
        }
    }

    /// How many bytes pass when nothing goes wrong.
    private func count(_ world: ProgramWorld, _ line: (Int) throws -> [String]) throws -> Int {
        try world.reset(for: .backup)
        let proxy = try FaultyProxy(to: world.serverPort, .cut, after: .max)
        defer { proxy.stop() }
        let answer = try world.scene.program(line(proxy.port), ProgramWorld.secret)
        try #require(answer.status == 0, "\(answer)")
        return proxy.bytes
    }

    /// I4.
    private func next(_ world: ProgramWorld) throws -> [Breach] {
        let answer = try world.scene.program(world.line(.backup), ProgramWorld.secret)
        guard answer.status != 0 else { return [] }
        return [Breach(promise: .recovers, text: "the next backup fails: \(answer)")]
    }
}

extension ProgramWorld {
    /// The command of a run whose connections to the database go through a proxy.
    func line(_ run: Run, through port: Int, target: ConnectionSettings? = nil) -> [String] {
        let own = scene.source.port
        return line(run, target: target).map { word in
            guard word.hasPrefix("host='") else { return word }
            let host = target?.host ?? scene.source.host
            return word.replacing("host='\(host)'", with: "host='127.0.0.1'").replacing(
                "port=\(own)",
                with: "port=\(port)"
            )
            .replacing("user=postgres", with: "user=\(scene.source.user)")
        }
    }

    var serverPort: Int { Int(scene.source.port) ?? 0 }

    func fault(_ kind: ServerFaultTests.Kind) -> FaultyProxy.Fault {
        let admin = admin
        switch kind {
        case .cut: return .cut
        case .reset: return .reset
        case .stall: return .stall
        case .drip: return .drip
        case .terminate:
            return .event {
                _ = try? Connection(admin).query(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'lifeboat%'"
                )
            }
        case .crash:
            return .event {
                let sql = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'lifeboat%' LIMIT 1"
                let found = (try? Connection(admin).query(sql))?.compactMap { $0[0].flatMap { pid_t($0) } } ?? []
                guard let process = found.first else { return }
                Glibc.kill(process, SIGKILL)
            }
        }
    }

    /// After a crash the server takes a moment.
    func waitForServer() throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while (try? Connection(admin)) == nil {
            try #require(ContinuousClock.now < deadline, "the server did not come back")
            usleep(20_000)
        }
    }
}
