import Diagnostics
import Model
import PostgresClient
import Repository
import Streams

/// What all workers of a run share; immutable, or safe from any thread.
struct ExportContext: Sendable {
    let plan: ExportPlan
    let snapshot: ExportedSnapshot
    let pinned: PinnedSettings
    let inventory: Inventory
    /// The database's own encoding, in which rows are copied.
    let encoding: String
    let destinations: [Destination]
    /// Of what each destination may take over.
    let windows: ScanWindows
    /// Whether a later run could make use of fingerprints.
    let takesFingerprints: Bool
    let findings: ExportFindings
    let progress: ExportProgress

    /// A pipeline into archives of its own.
    func makePipeline(stop: Stop) throws -> RowPipeline {
        let lanes = ArchiveLanes(point: plan.point, limit: plan.archiveBytes)
        let (progress, destinations) = (progress, destinations)
        return try RowPipeline(into: lanes, level: plan.compressionLevel) { rows, bytes in
            progress.add(rows: rows, textBytes: bytes)
            try destinations.requireAny()
            if stop.isRequested { throw Stopped() }
        }
    }
}
