/// The index of one recovery point: everything a restore needs to find and check the data, and the next run to decide
/// what has not changed.
///
/// Format version 1; the normative text is `docs/format.md`.
package struct Manifest: Sendable, Hashable, Codable {
    package static let currentFormat = 1

    package var format = Manifest.currentFormat
    /// Name and version of the program that wrote it.
    package var tool: String
    package var point: PointName
    package var source: SourceFacts
    package var snapshot: SnapshotFacts
    /// The session settings under which the rows were written as text; a restore uses the same.
    package var settings: [String: String]
    /// What the next run needs to know before it may reuse ranges of this point.
    package var continuity: Continuity?
    package var tables: [TableData]
    package var largeObjects: LargeObjectData?
    package var sequences: [SequenceState]
    /// Every archive that `tables` and `largeObjects` refer to, those of earlier points included.
    package var archives: [ArchiveFacts]
    package var catalog: CatalogFacts
    /// What was left out on purpose, each with its reason.
    package var omissions: [Omission]
    /// What the run remarked without failing, a sentence each.
    package var notices: [String]
    package var phases: [Phase]
    package var totals: BackupTotals
    /// The point this one continues; nil for the first.
    package var previous: PreviousPoint?

    /// Creates a manifest.
    package init(
        tool: String,
        point: PointName,
        source: SourceFacts,
        snapshot: SnapshotFacts,
        settings: [String: String],
        continuity: Continuity?,
        tables: [TableData],
        largeObjects: LargeObjectData?,
        sequences: [SequenceState],
        archives: [ArchiveFacts],
        catalog: CatalogFacts,
        omissions: [Omission],
        notices: [String] = [],
        phases: [Phase],
        totals: BackupTotals,
        previous: PreviousPoint?
    ) {
        self.tool = tool
        self.point = point
        self.source = source
        self.snapshot = snapshot
        self.settings = settings
        self.continuity = continuity
        self.tables = tables
        self.largeObjects = largeObjects
        self.sequences = sequences
        self.archives = archives
        self.catalog = catalog
        self.omissions = omissions
        self.notices = notices
        self.phases = phases
        self.totals = totals
        self.previous = previous
    }

    /// The recovery instant: the snapshot instant, never the finish time.
    package var recoveryInstant: Instant { snapshot.instant }
}

/// The database a point was taken from.
package struct SourceFacts: Sendable, Hashable, Codable {
    package var database: String
    /// `server_version_num`: 150020 is 15.20.
    package var serverVersion: Int
    /// What `version()` says.
    package var versionText: String
    package var encoding: String
    package var collation: String
    package var characterType: String
    /// `c` (libc), `i` (ICU) or `b` (builtin).
    package var localeProvider: String
    /// The provider's own locale name, for ICU and builtin.
    package var locale: String?
    /// `pg_database_size()` at the snapshot, where it could be read in a moment.
    package var databaseBytes: Int64?

    /// Creates the facts.
    package init(
        database: String,
        serverVersion: Int,
        versionText: String,
        encoding: String,
        collation: String,
        characterType: String,
        localeProvider: String,
        locale: String?,
        databaseBytes: Int64?
    ) {
        self.database = database
        self.serverVersion = serverVersion
        self.versionText = versionText
        self.encoding = encoding
        self.collation = collation
        self.characterType = characterType
        self.localeProvider = localeProvider
        self.locale = locale
        self.databaseBytes = databaseBytes
    }
}

/// The instant that the point shows.
package struct SnapshotFacts: Sendable, Hashable, Codable {
    /// The server's clock just before the snapshot was taken: nothing committed before it is missing.
    package var instant: Instant
    /// `pg_current_snapshot()`: `xmin:xmax:xip,…`, 64-bit transaction ids.
    package var text: String
    /// The write-ahead log position at the snapshot, where it could be read.
    package var lsn: String?

    /// Creates the facts.
    package init(instant: Instant, text: String, lsn: String?) {
        self.instant = instant
        self.text = text
        self.lsn = lsn
    }
}

/// Something deliberately not in the point.
package struct Omission: Sendable, Hashable, Codable {
    package var object: String
    package var reason: String

    /// Creates an omission.
    package init(object: String, reason: String) {
        self.object = object
        self.reason = reason
    }
}

/// One timed part of a run; parts may overlap.
package struct Phase: Sendable, Hashable, Codable {
    package var name: String
    package var started: Instant
    package var seconds: Double
    package var bytes: Int64?

    /// Creates a phase.
    package init(name: String, started: Instant, seconds: Double, bytes: Int64? = nil) {
        self.name = name
        self.started = started
        self.seconds = seconds
        self.bytes = bytes
    }
}

/// The sums over a backup run.
package struct BackupTotals: Sendable, Hashable, Codable {
    /// COPY text that crossed the connection in this run.
    package var bytesRead: Int64
    /// COPY text that the point stands for, reused ranges included.
    package var bytesRepresented: Int64
    /// Encrypted bytes written to the repository in this run, archives and point.
    package var bytesStored: Int64
    package var rows: Int64
    package var rangesRead: Int
    package var rangesReused: Int
    /// How many ranges were read for which reason; nil in points of before this was recorded.
    package var readReasons: [String: Int]?

    /// Creates the totals; all zero by default.
    package init(
        bytesRead: Int64 = 0,
        bytesRepresented: Int64 = 0,
        bytesStored: Int64 = 0,
        rows: Int64 = 0,
        rangesRead: Int = 0,
        rangesReused: Int = 0,
        readReasons: [String: Int]? = nil
    ) {
        self.bytesRead = bytesRead
        self.bytesRepresented = bytesRepresented
        self.bytesStored = bytesStored
        self.rows = rows
        self.rangesRead = rangesRead
        self.rangesReused = rangesReused
        self.readReasons = readReasons
    }
}

/// The point before this one, by name and by the hash of its object.
package struct PreviousPoint: Sendable, Hashable, Codable {
    package var point: PointName
    package var sha256: String

    /// Creates the reference.
    package init(point: PointName, sha256: String) {
        self.point = point
        self.sha256 = sha256
    }
}

/// The catalog section of a point.
package struct CatalogFacts: Sendable, Hashable, Codable {
    package var objects: Int
    /// SHA-256 of the catalog's plaintext (before compression and encryption), hex.
    package var sha256: String

    /// Creates the facts.
    package init(objects: Int, sha256: String) {
        self.objects = objects
        self.sha256 = sha256
    }
}
