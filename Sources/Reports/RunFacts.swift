package import Model
import Policy

/// What the backups of the period did and cost.
package struct RunFacts: Sendable, Hashable, Encodable {
    package let done: Int
    package let failed: Int
    /// How many of those that were done did not reach every repository of the plan.
    package let partial: Int
    /// Median and 95th percentile of the backups that succeeded.
    package let p50Seconds: Double?
    package let p95Seconds: Double?
    /// COPY text that left the source.
    package let bytesRead: Int64
    /// Encrypted bytes that were written.
    package let bytesStored: Int64
    /// What leaves the source in 30 days at the rate of the period; nil when less than a day is known.
    package let monthlyEgressBytes: Int64?
    package let lastFailure: FailedRun?
    /// Backups and drills that did not go as they should.
    package let failures: RunFailures
    /// Checks of stored bytes in the repository that was checked most often, and when the last one ended.
    package let verifications: Int
    package let lastVerified: Instant?

    init(_ input: ReportInput, _ drills: [JudgedDrill]) {
        let records = input.recordsByRepository.filter { record, _ in
            record.started >= input.from && record.finished <= input.end
        }
        let backups = Backup.all(records.map(\.record))
        let successes = backups.filter { $0.run.point != nil }
        let durations = successes.map { $0.record.finished - $0.record.started }
        done = successes.count
        failed = backups.count - successes.count
        partial = successes.count(where: \.isPartial)
        p50Seconds = percentile(50, of: durations)?.inSeconds
        p95Seconds = percentile(95, of: durations)?.inSeconds
        bytesRead = backups.reduce(0) { $0 + ($1.run.totals?.bytesRead ?? 0) }
        bytesStored = backups.reduce(0) { $0 + ($1.run.totals?.bytesStored ?? 0) }
        let known = backups.first.map { (input.end - $0.record.started).inSeconds / 86_400 } ?? 0
        monthlyEgressBytes = known >= 1 && done > 0 ? Int64(Double(bytesRead) / known * 30) : nil
        lastFailure = backups.last { $0.run.point == nil }.map { FailedRun($0.record, $0.run, before: successes) }
        failures = RunFailures(backups, drills, from: input.from)
        // A run over several repositories takes a record in each.
        let checks = Dictionary(grouping: records.filter(\.record.isVerification), by: \.repository).values
        verifications = checks.map(\.count).max() ?? 0
        lastVerified = checks.joined().map(\.record.finished).max()
    }
}

/// A backup that took no point.
package struct FailedRun: Sendable, Hashable, Codable {
    package let started: Instant
    package let code: String?
    package let summary: String
    package let cause: String?
    /// Whether a later backup succeeded.
    package let isOver: Bool

    fileprivate init(_ record: RunRecord, _ run: BackupRun, before successes: [Backup]) {
        started = record.started
        code = run.failure?.code
        summary = run.failure?.summary ?? "no reason was recorded"
        cause = run.failure?.cause
        isOver = successes.contains { $0.record.finished > record.finished }
    }
}

extension RunRecord {
    /// Whether it is a check of stored bytes; what a drill notes of a damaged copy is none.
    fileprivate var isVerification: Bool {
        if case .verify(let run) = event { !run.points.isEmpty } else { false }
    }
}
