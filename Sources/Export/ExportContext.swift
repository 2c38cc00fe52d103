import Diagnostics
import Model
import PostgresClient
import Repository
import Streams

/// What all workers of a run share; immutable, or safe from any thread.
struct ExportContext: Sendable {
    let plan: ExportPlan
    let repository: Repository
    let snapshot: ExportedSnapshot
    let pinned: PinnedSettings
    let inventory: Inventory
    /// The database's own encoding, in which rows are copied.
    let encoding: String
    /// Nil when nothing of the base may be taken over.
    let window: FingerprintScan.Window?
    /// Whether a later run could make use of fingerprints.
    let takesFingerprints: Bool
    let ledger: ExportLedger
    let register: ArchiveRegister
    let progress: ExportProgress
    let heartbeat: Heartbeat

    /// A pipeline into an archive of its own.
    func makePipeline(stop: Stop) throws -> RowPipeline {
        let lane = ArchiveLane(
            repository,
            point: plan.point,
            limit: plan.archiveBytes,
            register: register
        )
        let (progress, heartbeat) = (progress, heartbeat)
        return try RowPipeline(into: lane, level: plan.compressionLevel) { rows, bytes in
            progress.add(rows: rows, textBytes: bytes)
            try heartbeat.beatIfDue()
            if stop.isRequested { throw Stopped() }
        }
    }
}
