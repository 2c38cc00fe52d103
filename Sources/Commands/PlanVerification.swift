import AgeEncryption
import Model
import Repository
import Streams

/// The verification of a plan's points in one repository, with the repair of what it finds where that is wanted.
struct PlanVerification {
    let repository: Repository
    /// Nil where nothing is to be repaired.
    let mending: Mending?
    let identities: [any Identity]
    let depth: VerifyDepth
    /// The promise of a sampled run.
    let within: DurationArgument?
    /// Whether every point of the plan is looked at, so that one that is gone shows.
    let isWhole: Bool
    let counters: VerifyCounters
    let context: CommandContext

    /// Each plan has a chain of records of its own, so each is recorded by itself.
    func run(_ plan: PlanName, _ names: [PointName], into answer: inout VerifyAnswer) throws {
        counters.begin(plan)
        var found = try inspect(plan, names, depth, try sampling(plan), &answer)
        let damaged = try found.damaged.map(mend)
        answer.damaged += damaged
        let points = try found.run.bad.compactMap(mend)
        answer.mendedPoints += points
        if !points.isEmpty || damaged.contains(where: { $0.repairedFrom != nil }) {
            // Read whole: what was bad is acquitted by its bytes only.
            let bad = Set(found.run.bad.map(\.point)).sorted()
            found.run.bad = try inspect(plan, bad, depth == .decrypted ? depth : .bytes, nil, &answer).run.bad
        }
        let strangers = Set(found.unjudged.map(\.point))
        answer.points += depth == .sizes || within != nil ? names.filter { !strangers.contains($0) } : found.run.points
        answer.bad += found.run.bad
        answer.unjudged += found.unjudged
        answer.add(found.sample, within)
        answer.doubts += try doubts(of: plan, found)
        try checkChains(plan, found.known, into: &answer)
    }

    /// What was found before of points that look sound now, and stands all the same.
    private func doubts(of plan: PlanName, _ found: Inspection) throws -> [VerifyAnswer.Doubt] {
        guard depth != .sizes, within == nil else { return [] }
        let bad = Set(found.run.bad.map(\.point))
        let evidence = try repository.evidence(plan: plan, remembering: true)
        return found.known.filter { !bad.contains($0.name) }.compactMap { point in
            guard let reason = evidence.problem(of: point.name, needing: point.uses.map(\.archive)) else { return nil }
            let needsDrill = evidence.findings.wantsDrill(point.name) || evidence.suspect[point.name] != nil
            let remedy =
                needsDrill
                ? "Only a drill can take that back: lifeboat drill \(point.name)"
                : "Reading it decrypted can take that back: lifeboat verify \(point.name) --deep"
            return VerifyAnswer.Doubt(point: point.name, reason: reason, remedy: remedy)
        }
    }

    /// What is gone from the plan's points and records.
    func checkChains(_ plan: PlanName, _ known: [KnownPoint], into answer: inout VerifyAnswer) throws {
        if isWhole {
            answer.missing += try repository.chainBreaks(plan: plan, among: known).map {
                VerifyAnswer.MissingPoint(point: $0.point, reason: $0.reason)
            }
        }
        answer.brokenRecords += try repository.brokenRecords(of: plan).map {
            VerifyAnswer.BrokenRecord(record: $0.place.key.text, reason: $0.reason)
        }
    }

    private func sampling(_ plan: PlanName) throws -> VerifySampling? {
        try within.map { promised in
            let history = ReadingHistory(try repository.records(plan: plan))
            return VerifySampling(within: promised.duration, history: history, now: context.now())
        }
    }

    private func inspect(
        _ plan: PlanName,
        _ names: [PointName],
        _ depth: VerifyDepth,
        _ sampling: VerifySampling?,
        _ answer: inout VerifyAnswer
    ) throws -> Inspection {
        let started = context.now()
        let found = try repository.inspect(
            names,
            identities: identities,
            depth: depth,
            sampling: sampling,
            stop: context.stop,
            progress: counters.update
        )
        answer.bytesRead += found.run.bytesRead
        try record(found.run, depth, of: plan, started)
        return found
    }

    private func mend(_ damage: ArchiveDamage) throws -> VerifyAnswer.Damage {
        let source = try mending?.mend(damage.archive)
        return VerifyAnswer.Damage(
            archive: damage.archive.id,
            reason: damage.reason,
            points: damage.points,
            ranges: damage.ranges,
            rangeCount: damage.rangeCount,
            repairedFrom: source?.place
        )
    }

    /// Puts a point back whose own object is damaged; nil where that was not the matter, or no copy serves.
    private func mend(_ bad: BadPoint) throws -> VerifyAnswer.MendedPoint? {
        let source = try mending?.mend(bad.point)
        return source.map { VerifyAnswer.MendedPoint(point: bad.point, repairedFrom: $0.place) }
    }

    private func record(_ run: VerifyRun, _ depth: VerifyDepth, of plan: PlanName, _ started: Instant) throws {
        // Sizes alone say nothing about points that have them.
        guard depth != .sizes || !run.bad.isEmpty else { return }
        try repository.appendOutcome(
            RunRecord(
                tool: Tool.full,
                plan: plan,
                host: context.host,
                started: started,
                finished: context.now(),
                event: .verify(run)
            )
        )
    }
}
