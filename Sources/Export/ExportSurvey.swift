import Model
import PostgresClient

/// What there is to export, read under the snapshot before the first row.
struct ExportSurvey {
    let source: SourceFacts
    let cluster: ClusterIdentity
    let inventory: Inventory
    let largeObjects: LargeObjectListing?
    let sequences: SequenceReading
    let bounds: SnapshotBounds
    let blockSize: Int64

    /// Asks the session that holds the snapshot.
    init(_ coordinator: SnapshotCoordinator, _ snapshot: ExportedSnapshot, plan: ExportPlan) throws {
        let connection = coordinator.connection
        source = try SourceReading(connection: connection).facts()
        cluster = try ClusterIdentity(of: connection, settings: coordinator.pinned)
        inventory = try Inventory(
            of: snapshot,
            leavingOut: plan.excludedObjects,
            on: connection,
            manySmallTables: plan.manySmallTables
        )
        largeObjects = try LargeObjectListing(on: connection, rangeBytes: plan.rangeBytes)
        sequences = try SequenceReading(on: connection, excluding: plan.excludedObjects)
        bounds = snapshot.bounds
        let size = try connection.query("SELECT pg_catalog.current_setting('block_size')")
        blockSize = size[0, 0].flatMap(Int64.init) ?? 8192
    }
}
