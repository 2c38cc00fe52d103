import Diagnostics
import Model
import PostgresClient
import Streams

/// A snapshot that other connections may import, and what is locked under it.
struct ExportedSnapshot: Sendable {
    /// What `SET TRANSACTION SNAPSHOT` takes.
    var identifier: String
    /// `pg_current_snapshot()`; every importer must see the same.
    var text: String
    var bounds: SnapshotBounds
    /// The server process that has all the locks, by its own word: a pooler tells its clients another number.
    var holder: String
    /// The server's clock just before the snapshot.
    var instant: Instant
    var lsn: String?
    var isInRecovery: Bool
    var relations: [ListedRelation]
    var excluded: [ListedRelation]

    /// What to say of patterns that leave out the rows of no table: most often they are misspelt.
    func idleNotices(of patterns: [TablePattern]) -> [String] {
        patterns.filter { pattern in
            !excluded.contains { pattern.matches(schema: $0.identity.schema, table: $0.identity.name) }
        }
        .map { "the rows of '\($0)' were to be left out, and no table matches it" }
    }
}

/// The session that locks the tables, takes the snapshot and keeps both until the export has ended.
///
/// One thread. A second session (`probe`) looks at what the first cannot see from inside its transaction; as it has none,
/// it asks in transactions of their own, under `pinned` or `trustingCatalogOnly`.
final class SnapshotCoordinator {
    private static let attempts = 5

    let connection: Connection
    let probe: Connection
    let pinned: PinnedSettings
    private let plan: ExportPlan

    /// Connects, and refuses servers from which no trustworthy snapshot can be had.
    init(_ plan: ExportPlan, stop: Stop) throws {
        self.plan = plan
        let name = plan.source.displayName
        let session = try explaining("cannot connect to '\(name)'") { try Connection(plan.source, stop: stop) }
        try Self.requireUsable(session)
        connection = session
        probe = try explaining("cannot connect to '\(name)'") { try Connection(plan.source, stop: stop) }
        pinned = try explaining("cannot read the settings of '\(name)'") { try PinnedSettings(knownTo: session) }
    }

    private static func requireUsable(_ connection: Connection) throws {
        let version = connection.serverVersion
        guard version.major >= 14 else {
            throw Diagnostic(
                .databaseVersion,
                "PostgreSQL \(version) cannot be exported",
                cause: "Lifeboat needs version 14 or later",
                hint: "Use pg_dump of that version, and upgrade the server: it gets no security fixes any more."
            )
        }
        let threshold = try explaining("cannot read the settings of the server") {
            try connection.query("SELECT pg_catalog.current_setting('old_snapshot_threshold', true)")[0, 0]
        }
        guard threshold == nil || threshold == "-1" else {
            throw Diagnostic(
                .databaseVersion,
                "the server may take rows away from a running snapshot",
                cause: "old_snapshot_threshold is '\(threshold ?? "")'",
                hint: "Set old_snapshot_threshold = -1 and restart the server; later versions have removed it."
            )
        }
    }

    /// Locks, then takes the snapshot; starts again when the set of tables changed in between.
    func takeSnapshot() throws -> ExportedSnapshot {
        var last = SnapshotRace(cause: "")
        for _ in 0..<Self.attempts {
            do {
                return try explaining("cannot take a snapshot of '\(plan.source.displayName)'") { try attempt() }
            } catch let race as SnapshotRace {
                connection.rollBack()
                last = race
            }
        }
        throw Diagnostic(
            .databaseChangedDuringExport,
            "the tables of '\(plan.source.displayName)' change faster than they can be locked",
            cause: redacted(last.cause),
            hint: "Try again when fewer tables are created or dropped.",
            retry: .later
        )
    }

    /// Throws when what was copied by name since the snapshot may have been something else; asked after the last row.
    func requireSameObjects(_ tables: [SourceTable]) throws {
        try requireSame { check in
            try check.requireOriginalSchemas(seenBy: probe)
            try check.requireOriginalTypes(of: tables, seenBy: probe)
            try check.requireOriginalLabels(seenBy: probe)
        }
    }

    /// Throws when definitions that were just read may be newer than the snapshot.
    func requireSameDefinitions(since bounds: SnapshotBounds) throws {
        try requireSame { check in
            try check.requireOriginalRoutines(seenBy: probe)
            try NameCheck(connection: connection, bounds: bounds).requireOriginalNames(seenBy: probe)
        }
    }

    private func requireSame(_ body: (SnapshotCheck) throws -> Void) throws {
        do {
            try probe.withTransaction("BEGIN READ ONLY; \(pinned.statements)") { try body(SnapshotCheck(connection)) }
        } catch let race as SnapshotRace {
            throw Diagnostic(
                .databaseChangedDuringExport,
                "'\(plan.source.displayName)' was altered while it was copied",
                cause: redacted(race.cause),
                hint: "Start the backup again when the migration has ended.",
                retry: .later
            )
        }
    }

    private func attempt() throws -> ExportedSnapshot {
        try connection.execute(
            "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; \(pinned.statements)"
        )
        // From here on two server connections are needed at once, and a pool may not have them.
        try probe.answered(within: plan.sessionPatience * 6) { try probe.execute("SELECT 1") }
        let locked = try lockEverything()
        // Before the snapshot: nothing that was committed by this instant is missing.
        guard
            let instant = try probe.trustingCatalogOnly({
                try probe.query("SELECT (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::pg_catalog.int8")
            })[0, 0].flatMap(Int64.init)
        else { throw PostgresError(message: "the server did not tell its time") }
        let row = try connection.query(
            "SELECT pg_catalog.pg_export_snapshot(), pg_catalog.pg_current_snapshot()::pg_catalog.text,"
                + " pg_catalog.pg_is_in_recovery(), pg_catalog.pg_backend_pid()"
        )[0]
        guard let identifier = row[0], let text = row[1], let bounds = SnapshotBounds(text), let holder = row[3] else {
            throw PostgresError(message: "the server's snapshot cannot be read")
        }
        let listing = try RelationListing(from: connection, excluding: plan.excludedObjects + plan.excludedRows)
        try Self.requireLocked(listing, locked)
        try SnapshotCheck(connection).requireOriginalFiles(of: listing.relations)
        return ExportedSnapshot(
            identifier: identifier,
            text: text,
            bounds: bounds,
            holder: holder,
            instant: Instant(microsecondsSinceEpoch: instant),
            lsn: try position(),
            isInRecovery: row[2] == "t",
            relations: listing.relations,
            excluded: listing.excluded
        )
    }

    /// Lists and locks until a look finds nothing new, so that little time is left for the race with the snapshot.
    private func lockEverything() throws -> Set<ListedRelation.Identity> {
        let locks = TableLocks(connection: connection, probe: probe, timeout: plan.lockTimeout)
        var locked: Set<ListedRelation.Identity> = []
        for _ in 0..<10 {
            let listing = try probe.withTransaction("BEGIN READ ONLY; \(pinned.statements)") {
                try RelationListing(from: probe, excluding: plan.excludedObjects + plan.excludedRows)
            }
            if locked.isEmpty { try TableLocks.requireRoom(for: listing.relations.count, on: probe) }
            try listing.requireReadable(by: try currentRole())
            let fresh = listing.relations.filter { !locked.contains($0.identity) }
            if fresh.isEmpty { break }
            try locks.take(fresh)
            locked.formUnion(fresh.map(\.identity))
        }
        return locked
    }

    /// The tables under the snapshot must be the ones that were locked, by number and by name.
    private static func requireLocked(
        _ listing: RelationListing,
        _ locked: Set<ListedRelation.Identity>
    ) throws {
        if let unknown = listing.relations.first(where: { !locked.contains($0.identity) }) {
            throw SnapshotRace(cause: "table '\(unknown.displayName)' appeared while the others were locked")
        }
    }

    private func currentRole() throws -> String { try probe.query("SELECT current_user")[0, 0] ?? "" }

    private func position() throws -> String? {
        try connection.queryIfAllowed(
            """
            SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                   ELSE pg_catalog.pg_current_wal_insert_lsn() END
            """
        )?[0, 0]
    }
}
