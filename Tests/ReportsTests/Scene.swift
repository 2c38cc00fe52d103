import Model
import Policy
import Testing

@testable import Reports

/// A plan's month in memory: backups every twelve hours, a drill every week, and whatever a test spoils.
struct Scene {
    static let plan = PlanName("shop") ?? { preconditionFailure("'shop' is a plan name") }()
    static let now = Instant(secondsSinceEpoch: 1_795_246_260)  // 2026-11-21T07:31:00Z
    static let day: Duration = .seconds(86_400)
    static let month: Duration = .seconds(30 * 86_400)
    static let promises = Objectives(
        rto: .seconds(3600),
        rpo: .seconds(86_400),
        mtd: .seconds(4 * 3600),
        drillEvery: .seconds(31 * 86_400),
        copies: 1,
        decisionAllowance: .seconds(900),
        workRecovery: .seconds(1800)
    )

    var objectives = Scene.promises
    var target = DrillRun.TargetClass.ephemeral
    var points: [ReportPoint] = []
    var records: [RunRecord] = []
    var schedule: ReportSchedule?
    var expected: [Omission] = []

    /// Everything as it should be.
    static func healthy() -> Scene {
        var scene = Scene()
        let first = now - month - .seconds(29_460 + 5 * 3600 + 1860)
        for run in 0..<62 { scene.backUp(at: first + .seconds(run * 43_200)) }
        for (week, seconds) in [40.0, 44, 39.5, 40.5, 41].enumerated() {
            scene.drill(at: now - .seconds((29 - week * 7) * 86_400 + 12_600), seconds: seconds)
        }
        scene.schedule = ReportSchedule(longestGap: .seconds(13 * 3600), nextBackup: now + .seconds(23_340))
        return scene
    }

    var input: ReportInput {
        ReportInput(
            plan: Self.plan,
            from: Self.now - Self.month,
            to: Self.now,
            now: Self.now,
            objectives: objectives,
            recoveryTarget: target,
            points: points,
            records: records,
            schedule: schedule,
            expectedOmissions: expected
        )
    }

    var report: ComplianceReport { ComplianceReport.make(input: input) }

    func name(_ instant: Instant) -> PointName { PointName(plan: Self.plan, slot: Slot(instant)) }

    mutating func add(_ event: RunRecord.Event, at started: Instant, seconds: Double) {
        records.append(
            RunRecord(
                tool: "lifeboat 1",
                plan: Self.plan,
                host: "db1",
                started: started,
                finished: started + .seconds(seconds),
                event: event
            )
        )
    }

    mutating func backUp(at started: Instant, seconds: Double = 192) {
        let recoveryInstant = started + .seconds(2)
        points.append(
            ReportPoint(
                name: name(started),
                recoveryInstant: recoveryInstant,
                committedAt: started + .seconds(seconds),
                bytes: 20_400_000
            )
        )
        let totals = BackupTotals(bytesRead: 61_000_000, bytesRepresented: 200_000_000, bytesStored: 20_400_000)
        let run = BackupRun(
            point: name(started),
            recoveryInstant: recoveryInstant,
            totals: totals,
            phases: [],
            failure: nil
        )
        add(.backup(run), at: started, seconds: seconds)
    }

    mutating func failBackUp(at started: Instant, cause: String = "connection refused") {
        let failure = Failure(
            code: "database-unreachable",
            summary: "cannot connect to database 'shop' on db1:5432",
            cause: cause
        )
        let run = BackupRun(point: nil, recoveryInstant: nil, totals: nil, phases: [], failure: failure)
        add(.backup(run), at: started, seconds: 3)
    }

    /// The backup that began at `started` fails instead.
    mutating func spoilBackUps(from: Instant, to: Instant) {
        let spoiled = records.filter { record in
            guard case .backup = record.event else { return false }
            return record.started >= from && record.started <= to
        }
        records.removeAll { spoiled.contains($0) }
        let names = Set(spoiled.map { name($0.started) })
        points.removeAll { names.contains($0.name) }
        for record in spoiled { failBackUp(at: record.started) }
    }

    mutating func drill(
        at declared: Instant,
        seconds: Double,
        on target: DrillRun.TargetClass = .ephemeral,
        _ change: (inout DrillRun) -> Void = { _ in }
    ) {
        let parts: [(String, Double, Double)] = [
            ("locate", 0, 0.01), ("scratch cluster", 0.01, 0.08), ("definitions", 0.09, 0.03), ("load", 0.12, 0.61),
            ("indexes and constraints", 0.7, 0.12), ("analyze", 0.82, 0.04), ("proof of rows", 0.86, 0.12),
            ("proof of definitions", 0.98, 0.02), ("negative control", 1.01, 0.05),
        ]
        let point =
            points.last { $0.committedAt < declared }?.name ?? name(declared - .seconds(3600))
        var run = DrillRun(
            point: point,
            recoveryInstant: point.slot.instant,
            target: target,
            targetVersion: "PostgreSQL 15",
            verdict: .proven,
            recoverySeconds: seconds,
            phases: parts.map { name, start, share in
                Phase(name: name, started: declared + .seconds(start * seconds), seconds: share * seconds)
            },
            tables: DrillRun.TableScore(proven: 12, total: 12, rows: 481_210),
            catalog: DrillRun.CatalogScore(equal: 84, total: 84),
            checks: [DrillRun.Check(name: "negative control", passed: true)],
            notChecked: [],
            failure: nil
        )
        change(&run)
        add(.drill(run), at: declared, seconds: seconds + 3)
    }
}

/// Random numbers that repeat, so that a failure can be looked at.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
