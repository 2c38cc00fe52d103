package import Model
import Policy

/// What did not go as it should in the period: backups that failed or missed a repository, and drills that failed.
package struct RunFailures: Sendable, Hashable, Encodable {
    /// One of them.
    package struct Entry: Sendable, Hashable, Encodable {
        /// What was tried.
        package enum Event: String, Sendable, Encodable {
            case backup
            case drill
        }

        package let event: Event
        package let started: Instant
        /// Nil for a backup that took none.
        package let point: String?
        package let reason: String
    }

    /// More than these are counted, not listed.
    private static let listed = 10

    /// The last ones, the newest first.
    package let last: [Entry]
    /// How many came before these.
    package let earlier: Int

    init(_ backups: [Backup], _ drills: [JudgedDrill], from: Instant) {
        let recent = drills.filter { $0.record.started >= from }
        let entries = backups.compactMap(Self.entry) + recent.compactMap(Self.entry)
        let sorted = entries.sorted { $0.started > $1.started }
        last = Array(sorted.prefix(Self.listed))
        earlier = sorted.count - last.count
    }

    private static func entry(_ backup: Backup) -> Entry? {
        let started = backup.record.started
        guard let point = backup.run.point else {
            return Entry(event: .backup, started: started, point: nil, reason: words(backup.run.failure))
        }
        guard backup.isPartial else { return nil }
        let missed = (backup.run.missed ?? []).joined(separator: ", ")
        let reason = missed.isEmpty ? "it did not reach every repository" : "it did not reach \(missed)"
        return Entry(event: .backup, started: started, point: point.description, reason: reason)
    }

    private static func entry(_ drill: JudgedDrill) -> Entry? {
        guard let reason = drill.run.failureReason else { return nil }
        let cause = drill.run.failure?.cause.map { ": \($0)" } ?? ""
        let point = drill.run.point.description
        return Entry(event: .drill, started: drill.record.started, point: point, reason: reason + cause)
    }

    private static func words(_ failure: Failure?) -> String {
        guard let failure else { return "no reason was recorded" }
        return [failure.summary, failure.cause].compactMap(\.self).joined(separator: ": ")
    }
}

/// A backup into all repositories of the plan.
struct Backup {
    var record: RunRecord
    var run: BackupRun
    /// Whether a repository did not get the point.
    var isPartial = false

    /// Every backup once, by its end: a run into several repositories has a record in each, and reads the database once.
    static func all(_ records: [RunRecord]) -> [Backup] {
        struct Key: Hashable {
            var host: String
            var started: Instant
        }
        let backups = records.compactMap { record -> Backup? in
            guard case .backup(let run) = record.event else { return nil }
            return Backup(record: record, run: run)
        }
        return Dictionary(grouping: backups) { Key(host: $0.record.host, started: $0.record.started) }.values
            .compactMap(whole)
            .sorted { $0.record.finished < $1.record.finished }
    }

    private static func whole(_ copies: [Backup]) -> Backup? {
        guard var whole = copies.first(where: { $0.run.point != nil }) ?? copies.first else { return nil }
        // One that cannot be had takes no record of its own: the others say so.
        whole.isPartial = copies.contains { $0.run.missed != nil || $0.run.point == nil }
        let totals = copies.compactMap(\.run.totals)
        whole.run.totals?.bytesRead = totals.map(\.bytesRead).max() ?? 0
        whole.run.totals?.bytesStored = totals.reduce(0) { $0 + $1.bytesStored }
        return whole
    }
}
