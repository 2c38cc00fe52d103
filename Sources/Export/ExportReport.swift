package import Diagnostics
package import Model
package import Repository

/// What a backup run did, for people and for the record.
package struct ExportReport: Sendable {
    package var totals: BackupTotals
    package var phases: [Phase]
    package var tables: Int
    /// Ranges taken over from the point before.
    package var reused: RangeCount
    /// Ranges read, by reason.
    package var reads: [ReadReason: RangeCount]
    package var omissions: [Omission]
    /// What was remarked without failing, a sentence each.
    package var notices: [String]
    /// Set when the proof that something had not changed was contradicted; the point itself was read in full and is good,
    /// those before it back to the last full one are suspect.
    package var alarm: Diagnostic?

    /// One line per reason, the most bytes first: `read 2 ranges: the table has grown`.
    package var reasons: [String] {
        reads.sorted { ($0.value.textBytes, $0.key.rawValue) > ($1.value.textBytes, $1.key.rawValue) }
            .map { "read \($0.value.ranges) range\($0.value.ranges == 1 ? "" : "s"): \($0.key.explanation)" }
    }
}

/// A point that was committed, and how.
package struct ExportOutcome: Sendable {
    package var point: StoredPoint
    package var report: ExportReport
}
