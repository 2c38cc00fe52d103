/// One run as evidence: who did what, when, with which outcome.
///
/// Signed, encrypted, and chained to the record before it.
package struct RunRecord: Sendable, Hashable, Codable {
    package static let currentFormat = 1

    package var format = RunRecord.currentFormat
    package var tool: String
    package var plan: PlanName
    package var host: String
    package var started: Instant
    package var finished: Instant
    /// Where the record stands among those of the plan, when its host's clock was behind what others had written; nil
    /// when that is `finished`.
    package var foldedAt: Instant?
    package var event: Event
    /// SHA-256 of the record before it in the same chain, hex; nil for the first.
    package var previous: String?

    /// Where the record stands among those of the plan.
    package var position: Instant { foldedAt ?? finished }

    /// What happened.
    package enum Event: Sendable, Hashable, Codable {
        case backup(BackupRun)
        case drill(DrillRun)
        case verify(VerifyRun)
        case prune(PruneRun)
        case hold(HoldChange)
        case sync(SyncRun)
    }

    /// Creates a record; the chain's owner fills in `previous`.
    package init(
        tool: String,
        plan: PlanName,
        host: String,
        started: Instant,
        finished: Instant,
        foldedAt: Instant? = nil,
        event: Event,
        previous: String? = nil
    ) {
        self.tool = tool
        self.plan = plan
        self.host = host
        self.started = started
        self.finished = finished
        self.foldedAt = foldedAt
        self.event = event
        self.previous = previous
    }
}

/// A backup that was tried; `point` is there only when it was committed.
package struct BackupRun: Sendable, Hashable, Codable {
    package var point: PointName?
    package var recoveryInstant: Instant?
    package var totals: BackupTotals?
    package var phases: [Phase]
    package var failure: Failure?
    /// The repositories of the plan that did not get the point, by name; nil when none.
    package var missed: [String]?
    /// What the run found that casts doubt on the points before it, back to the last one that was read in full; nil when
    /// nothing does.
    package var alarm: Failure?

    /// Creates a run.
    package init(
        point: PointName?,
        recoveryInstant: Instant?,
        totals: BackupTotals?,
        phases: [Phase],
        failure: Failure?,
        missed: [String]? = nil,
        alarm: Failure? = nil
    ) {
        self.point = point
        self.recoveryInstant = recoveryInstant
        self.totals = totals
        self.phases = phases
        self.failure = failure
        self.missed = missed
        self.alarm = alarm
    }
}

/// Why a run failed, in the words that were shown.
package struct Failure: Sendable, Hashable, Codable {
    package var code: String
    package var summary: String
    package var cause: String?

    /// Creates a failure.
    package init(code: String, summary: String, cause: String?) {
        self.code = code
        self.summary = summary
        self.cause = cause
    }
}

/// A check of stored bytes.
package struct VerifyRun: Sendable, Hashable, Codable {
    package var points: [PointName]
    package var bytesRead: Int64
    /// Points found bad, with the reason; they do not count from the record's time on.
    package var bad: [BadPoint]
    /// What a sampled run read; nil for one that read everything that `points` need.
    package var sample: SampledReading?
    /// The archives over which points are bad, so that no later point refers to them; nil in records of before there was
    /// this list.
    package var damaged: [ArchiveID]?
    /// How much was looked at; nil in records of before it was written down.
    package var depth: VerifyDepth?
    /// Archives that records called damaged and that were read whole now and found sound; nil in records of before there
    /// was this list, and of runs that read no archive.
    package var soundAgain: [ArchiveID]?

    /// Creates a run.
    package init(
        points: [PointName],
        bytesRead: Int64,
        bad: [BadPoint],
        sample: SampledReading? = nil,
        damaged: [ArchiveID]? = nil,
        depth: VerifyDepth? = nil,
        soundAgain: [ArchiveID]? = nil
    ) {
        self.points = points
        self.bytesRead = bytesRead
        self.bad = bad
        self.sample = sample
        self.damaged = damaged
        self.depth = depth
        self.soundAgain = soundAgain
    }
}

/// The part of a plan's archives that one sampled verification read and found good.
package struct SampledReading: Sendable, Hashable, Codable {
    /// The promise that was made: everything is read again within this time.
    package var withinSeconds: Int64
    package var archives: [ArchiveID]

    /// Creates the facts.
    package init(withinSeconds: Int64, archives: [ArchiveID]) {
        self.withinSeconds = withinSeconds
        self.archives = archives
    }
}

/// A point that failed a check.
package struct BadPoint: Sendable, Hashable, Codable {
    package var point: PointName
    package var reason: String
    /// How deep a verification must look to see this; nil where it is not known better than by the run's own depth.
    package var depth: VerifyDepth?

    /// Creates the entry.
    package init(point: PointName, reason: String, depth: VerifyDepth? = nil) {
        self.point = point
        self.reason = reason
        self.depth = depth
    }
}

/// What a prune removed; the hashes keep the chain of points checkable.
package struct PruneRun: Sendable, Hashable, Codable {
    package var removedPoints: [PreviousPoint]
    package var removedArchives: Int
    package var freedBytes: Int64
    /// How many objects the storage did not let go of; nil when none.
    package var denied: Int?
    /// The breaks in the chain of points that an operator accepted, so that later prunes need not be told again; nil when
    /// none.
    package var accepted: [ChainBreak]?
    /// Keys of records that are damaged or missing, which an operator has accepted; nil when none.
    package var acceptedRecords: [String]?

    /// Creates a run.
    package init(
        removedPoints: [PreviousPoint],
        removedArchives: Int,
        freedBytes: Int64,
        denied: Int? = nil,
        accepted: [ChainBreak]? = nil,
        acceptedRecords: [String]? = nil
    ) {
        self.removedPoints = removedPoints
        self.removedArchives = removedArchives
        self.freedBytes = freedBytes
        self.denied = denied
        self.accepted = accepted
        self.acceptedRecords = acceptedRecords
    }
}

/// A hold placed on a point, or lifted.
package struct HoldChange: Sendable, Hashable, Codable {
    package var point: PointName
    /// Why it is held; nil lifts the hold.
    package var reason: String?

    /// Creates a change.
    package init(point: PointName, reason: String?) {
        self.point = point
        self.reason = reason
    }
}

/// Points that were copied here from another repository.
package struct SyncRun: Sendable, Hashable, Codable {
    /// The id of the repository they came from.
    package var source: String
    /// What was committed here, by the hashes that it has here.
    package var points: [PreviousPoint]
    /// Archives that were copied, and their bytes.
    package var archives: Int
    package var bytes: Int64
    /// Points that could not be copied, with the reason.
    package var failed: [BadPoint]

    /// Creates a run that has copied nothing yet.
    package init(source: String) {
        self.source = source
        (points, archives, bytes, failed) = ([], 0, 0, [])
    }
}

extension DrillRun {
    /// Whether the verdict is about the bytes of the point, and so about every copy of the same bytes: it was restored and
    /// compared as a whole.
    package var judgesBytes: Bool { verdict == .proven || (verdict == .failed && failure == nil) }

    /// Whether the failure lies in the point itself: rows differ, or what is stored cannot be read or trusted.
    ///
    /// A failed assertion says something about the data, not about the copy of it.
    package var showsBadPoint: Bool {
        guard verdict == .failed else { return false }
        if !tables.mismatches.isEmpty { return true }
        return ["object-corrupt", "object-missing", "signature-invalid"].contains(failure?.code)
    }

    /// Whether a recovery from the point would lack something: it did not come to an end, or rows or definitions differ.
    package var showsLoss: Bool {
        verdict == .failed && (failure != nil || !tables.mismatches.isEmpty || !catalog.differences.isEmpty)
    }

    /// What was found first; nil unless the drill failed.
    package var failureReason: String? {
        guard verdict == .failed else { return nil }
        let check = checks.first { !$0.passed }.map { check in
            ["\(check.name) does not hold", check.detail].compactMap(\.self).joined(separator: ": ")
        }
        return failure?.summary ?? tables.mismatches.first ?? catalog.differences.first ?? check ?? "it failed"
    }
}
