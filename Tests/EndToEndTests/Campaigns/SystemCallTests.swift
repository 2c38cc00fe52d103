import Diagnostics
import Model
import PostgresClient
import Repository
import Streams
import TestSupport
import Testing

/// The real program, one of whose system calls fails or is its last; the oracle looks at what is left.
@Suite("Every system call fails, and the program dies at each")
struct SystemCallTests {
    @Test("the nine promises hold after each")
    func everyCall() throws {
        try ProgramWorld.with { world in
            try withScratchFolder { folder in
                let faultline = try Faultline(in: folder)
                var share = 0
                for run in ProgramWorld.Run.allCases {
                    for mode in Faultline.Mode.allCases {
                        // A sample takes one call from every third kind, so that each run and each mode is in it.
                        share += 1
                        try campaign(run, mode, world, faultline, sample: share % 3 == 0 ? 1 : 0)
                    }
                }
                try fullDisk(world, faultline)
            }
        }
    }

    /// A disk that is full from any write on.
    private func fullDisk(_ world: ProgramWorld, _ faultline: Faultline) throws {
        for run in [ProgramWorld.Run.first, .backup] {
            try campaign(run, .noSpace, world, faultline, sticky: true, sample: 1)
        }
    }

    private func campaign(
        _ run: ProgramWorld.Run,
        _ mode: Faultline.Mode,
        _ world: ProgramWorld,
        _ faultline: Faultline,
        sticky: Bool = false,
        sample: Int
    ) throws {
        let name = "call:\(run.rawValue):\(sticky ? "full-disk" : mode.rawValue)"
        guard CampaignSize.includes(name), sample > 0 || CampaignSize.isCampaign || CampaignSize.isOne else { return }
        try world.reset(for: run)
        _ = try perform(run, world, try faultline.environment(mode, at: 0))
        let total = try #require(faultline.readLog().calls)
        #expect(total > 10, "\(name)")
        let numbers = CampaignSize.numbers(name, sample: sample, of: total)
        var (breaches, reached) = (0, 0)
        for number in numbers {
            try world.reset(for: run)
            let before = try Before(run, world)
            let environment = try faultline.environment(mode, at: number, sticky: sticky)
            let result = try perform(run, world, environment)
            let failed = faultline.readLog().failed
            if failed != nil { reached += 1 }
            let found = try before.judge(result, mode, world)
            for breach in found {
                Issue.record(
                    "\(breach) after '\(failed ?? "nothing")' [LIFEBOAT_FAULT=\(name):\(number)]\n\(result.answer)"
                )
            }
            breaches += found.count
        }
        CampaignSize.report(name, ran: reached, of: total, breaches: breaches)
    }

    /// How a run ended, and what a restore that ended well gave back.
    fileprivate struct Result {
        var answer: Answer
        var isRestoredRight = true
    }

    private func perform(
        _ run: ProgramWorld.Run,
        _ world: ProgramWorld,
        _ environment: [String: String]
    ) throws -> Result {
        let environment = environment.merging(ProgramWorld.secret) { $1 }
        guard run == .restore else { return Result(answer: try world.scene.program(world.line(run), environment)) }
        return try withDatabase(options: "TEMPLATE template0") { target in
            var result = Result(answer: try world.scene.program(world.line(run, target: target), environment))
            if result.answer.status == 0 {
                let rows = try Connection(target).query("SELECT count(*), count(DISTINCT body) FROM page")
                result.isRestoredRight = rows[0, 0] == "300" && rows[0, 1] == "300"
            }
            return result
        }
    }
}

/// The repository before a run, and the judgement after it.
private struct Before {
    private let run: ProgramWorld.Run
    private let objects: [ObjectKey: [UInt8]]
    private let points: Set<PointName>

    init(_ run: ProgramWorld.Run, _ world: ProgramWorld) throws {
        self.run = run
        objects = run == .first ? [:] : try contents(of: world.store)
        points = Set(objects.keys.compactMap(Layout.pointName))
    }

    func judge(_ result: SystemCallTests.Result, _ mode: Faultline.Mode, _ world: ProgramWorld) throws -> [Breach] {
        let answer = result.answer
        var found = world.oracle.exposed(by: answer)
        if !result.isRestoredRight {
            found.append(Breach(promise: .noticed, text: "a restore ended well with other rows"))
        }
        if answer.status == 128 + 9, !mode.kills {
            found.append(Breach(promise: .honest, text: "the program does not end"))
        }
        if answer.status == 128 + 11 || answer.status == 128 + 6 || answer.status == 128 + 4 {
            found.append(Breach(promise: .honest, text: "the program crashed with status \(answer.status)"))
        }
        if answer.status != 0, !mode.kills, answer.errorLines.isEmpty, answer.output.isEmpty {
            found.append(Breach(promise: .honest, text: "the program failed and does not say why"))
        }
        // The very first run makes keys, so only the next run shows what its repository is worth.
        if run != .first { found += try left(answer, mode, world) }
        return found + (try recovered(world))
    }

    private func left(_ answer: Answer, _ mode: Faultline.Mode, _ world: ProgramWorld) throws -> [Breach] {
        let now = Set(try contents(of: world.store).keys.compactMap(Layout.pointName))
        let new = now.subtracting(points)
        guard new.count < 2 else { return [Breach(promise: .single, text: "one run committed \(new.count) points")] }
        let removable = run == .prune ? world.removable : []
        var before = try Oracle.Before(MemoryStore(holding: objects), removable: removable)
        if run.commits { before.slot = new.first ?? World.name(0) }
        let ending: Oracle.Ending = mode.kills ? .unseen : answer.status == 0 ? .succeeded : .failed
        var found = try world.oracle.breaches(in: world.store, since: before, ending)
        if let point = new.first { found += try world.oracle.unfaithful(world.store, point, world.picture) }
        return found
    }

    /// I4: the next backup and the next prune work as if nothing had been.
    private func recovered(_ world: ProgramWorld) throws -> [Breach] {
        for run in [ProgramWorld.Run.backup, .prune] {
            let answer = try world.scene.program(world.line(run), ProgramWorld.secret)
            guard answer.status == 0 else {
                return [Breach(promise: .recovers, text: "the next \(run.rawValue) fails: \(answer)")]
            }
        }
        // The very first run made other keys than those of the template.
        let oracle = try Oracle(keys: world.scene.folder + "/config/lifeboat", markers: [])
        let repository = try Repository.open(world.store, keyring: oracle.keyring)
        return try oracle.unsound(repository, repository.listPoints().map(\.name))
    }
}
