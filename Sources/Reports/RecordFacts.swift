package import Model

/// One record as programs read it: what happened stands under the name of what happened.
package struct RecordFacts: Sendable, Hashable, Encodable {
    private enum CodingKeys: String, CodingKey {
        case plan, host, tool, event, started, finished, seconds, backup, drill, verify, prune, hold, sync
    }

    package let record: RunRecord
    /// What a drill of the plan cannot check, as everybody knows.
    package let expectedOmissions: [Omission]

    /// Wraps a record.
    package init(_ record: RunRecord, expectedOmissions: [Omission] = []) {
        self.record = record
        self.expectedOmissions = expectedOmissions
    }

    /// Writes the common fields, `event`, and one object named like the event.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(record.plan, forKey: .plan)
        try container.encode(record.host, forKey: .host)
        try container.encode(record.tool, forKey: .tool)
        try container.encode(record.started, forKey: .started)
        try container.encode(record.finished, forKey: .finished)
        try container.encode((record.finished - record.started).inSeconds, forKey: .seconds)
        switch record.event {
        case .backup(let run): try write(BackupFacts(run, declared: record.started), as: .backup, into: &container)
        case .drill(let run):
            let facts = DrillFacts(
                run,
                declared: record.started,
                finished: record.finished,
                expected: expectedOmissions
            )
            try write(facts, as: .drill, into: &container)
        case .verify(let run): try write(VerifyFacts(run), as: .verify, into: &container)
        case .prune(let run): try write(PruneFacts(run), as: .prune, into: &container)
        case .hold(let change): try write(HoldFacts(change), as: .hold, into: &container)
        case .sync(let run): try write(SyncFacts(run), as: .sync, into: &container)
        }
    }

    private func write(
        _ value: some Encodable,
        as key: CodingKeys,
        into container: inout KeyedEncodingContainer<CodingKeys>
    ) throws {
        try container.encode(key.rawValue, forKey: .event)
        try container.encode(value, forKey: key)
    }
}

/// What one backup did.
package struct BackupFacts: Sendable, Hashable, Encodable {
    /// Nil when nothing was committed.
    package let point: String?
    package let recoveryInstant: Instant?
    package let totals: BackupTotals?
    package let phases: [PhaseFacts]
    package let failure: Failure?
    /// Repositories of the plan that did not get the point; nil when none.
    package let missed: [String]?
    /// What casts doubt on the points since the last full read; nil when nothing does.
    package let alarm: Failure?

    /// Tells what `run`, begun at `declared`, did.
    package init(_ run: BackupRun, declared: Instant) {
        point = run.point?.description
        recoveryInstant = run.recoveryInstant
        totals = run.totals
        phases = run.phases.sorted { $0.started < $1.started }
            .map { PhaseFacts($0, declared: declared, recoverySeconds: nil) }
        failure = run.failure
        missed = run.missed
        alarm = run.alarm
    }
}

/// What one check of stored bytes found.
package struct VerifyFacts: Sendable, Hashable, Encodable {
    /// A point that failed, with the reason.
    package struct Bad: Sendable, Hashable, Encodable {
        package let point: String
        package let reason: String
    }

    package let points: [String]
    package let bytesRead: Int64
    package let bad: [Bad]

    /// Tells what `run` found.
    package init(_ run: VerifyRun) {
        points = run.points.map(\.description)
        bytesRead = run.bytesRead
        bad = run.bad.map { Bad(point: $0.point.description, reason: $0.reason) }
    }
}

/// What one prune removed.
package struct PruneFacts: Sendable, Hashable, Encodable {
    package let removedPoints: [String]
    package let removedArchives: Int
    package let freedBytes: Int64
    /// Points that were gone or replaced, which was accepted; nil when there were none.
    package let accepted: [String]?
    /// Damaged and missing records that an operator has accepted; nil when none.
    package let acceptedRecords: [String]?

    /// Tells what `run` removed.
    package init(_ run: PruneRun) {
        accepted = run.accepted.map { Set($0.map(\.point)).sorted().map(\.description) }
        removedPoints = run.removedPoints.map(\.point.description)
        removedArchives = run.removedArchives
        freedBytes = run.freedBytes
        acceptedRecords = run.acceptedRecords
    }
}

/// What was copied here from another repository.
package struct SyncFacts: Sendable, Hashable, Encodable {
    /// The id of the repository it came from.
    package let source: String
    package let points: [String]
    package let archives: Int
    package let bytes: Int64
    /// Points that could not be copied.
    package let failed: [VerifyFacts.Bad]

    /// Tells what `run` copied.
    package init(_ run: SyncRun) {
        source = run.source
        points = run.points.map(\.point.description)
        archives = run.archives
        bytes = run.bytes
        failed = run.failed.map { VerifyFacts.Bad(point: $0.point.description, reason: $0.reason) }
    }
}

/// A hold that was placed, or lifted.
package struct HoldFacts: Sendable, Hashable, Encodable {
    package let point: String
    /// Nil lifts the hold.
    package let reason: String?

    /// Tells what `change` did.
    package init(_ change: HoldChange) {
        point = change.point.description
        reason = change.reason
    }
}
