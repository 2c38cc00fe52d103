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
    /// Checks of stored bytes, and when the last one ended.
    package let verifications: Int
    package let lastVerified: Instant?

    init(_ input: ReportInput) {
        let records = input.records.filter { $0.started >= input.from && $0.finished <= input.end }
            .sorted { $0.finished < $1.finished }
        let backups = Self.runs(records)
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
        let checks = records.filter(\.isVerification)
        verifications = checks.count
        lastVerified = checks.last?.finished
    }

    /// Every backup once: a run into several repositories has a record in each, and reads the database once.
    private static func runs(_ records: [RunRecord]) -> [Backup] {
        struct Key: Hashable {
            var host: String
            var started: Instant
        }
        let backups = records.compactMap { record in record.backup.map { Backup(record: record, run: $0) } }
        return Dictionary(grouping: backups) { Key(host: $0.record.host, started: $0.record.started) }.values
            .compactMap { copies in
                guard var whole = copies.first(where: { $0.run.point != nil }) ?? copies.first else { return nil }
                // One that cannot be had takes no record of its own: the others say so.
                whole.isPartial = copies.contains { $0.run.missed != nil || $0.run.point == nil }
                let totals = copies.compactMap(\.run.totals)
                whole.run.totals?.bytesRead = totals.map(\.bytesRead).max() ?? 0
                whole.run.totals?.bytesStored = totals.reduce(0) { $0 + $1.bytesStored }
                return whole
            }
            .sorted { $0.record.finished < $1.record.finished }
    }
}

/// A run into all repositories of the plan.
private struct Backup {
    var record: RunRecord
    var run: BackupRun
    /// Whether a repository did not get the point.
    var isPartial = false
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
    fileprivate var backup: BackupRun? {
        if case .backup(let run) = event { run } else { nil }
    }

    fileprivate var isVerification: Bool {
        if case .verify = event { true } else { false }
    }
}
