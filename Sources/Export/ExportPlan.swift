package import Model
package import PostgresClient
package import Repository

/// What one backup run is to do.
package struct ExportPlan: Sendable {
    /// Which tables are counted a second time without block ranges.
    package enum Audit: Sendable, Hashable {
        /// A share of the tables, another one in each run.
        case rotating
        case all
        case none
    }

    package var point: PointName
    package var source: ConnectionSettings
    /// Connections that copy at once; fewer when the server allows fewer.
    package var workerCount = 4
    package var compressionLevel: Int
    /// How long the export waits for tables that a migration holds.
    package var lockTimeout: Duration = .seconds(10)
    /// How long anybody may wait for a table that the export reads, before the export gives way; nil for ever.
    package var maxLockWait: Duration?
    /// How long a session that can be done without is waited for; one that cannot is given six times as long.
    package var sessionPatience = Duration.seconds(10)
    /// How many bytes of table, TOAST included, one range should have; those of very large tables have more.
    ///
    /// A change costs a range, and a range costs two statements and some 100 bytes in the point.
    package var rangeBytes: Int64 = 8 << 20
    /// Where an archive ends and the next begins, at the end of a range.
    package var archiveBytes: Int64 = 256 << 20
    /// From how many tables of a few rows on these are read in every run, and stored only where they changed.
    package var manySmallTables = 1000
    /// Every range is read again within this time, changed or not.
    package var rereadWithin: Duration = .seconds(30 * 86400)
    /// How much COPY text a run may read again only because of that; nil for all that is due.
    package var rereadBudget: Int64?
    /// Reads everything, whatever has not changed.
    package var isFull = false
    package var audit = Audit.rotating
    /// What is left out altogether: definitions, and the rows of tables among them.
    package var excludedObjects: [TablePattern] = []
    /// Tables whose rows are left out; their definitions are kept.
    package var excludedRows: [TablePattern] = []
    /// Repositories that should have the point as well and cannot be had, for the record.
    package var outOfReach: [String] = []
    /// Names the point when the run has its turn; nil keeps the name.
    package var clock: (@Sendable () -> Instant)?
    /// What people should know of the run before it begins.
    package var notices: [String] = []
    /// How long a run is waited for that must not write beside this one.
    package var turn = TurnPatience.none
    /// Name and version of the program, for the manifest and the record.
    package var tool: String
    /// This machine's name, for the record.
    package var host: String

    /// Creates a plan with the defaults.
    package init(
        point: PointName,
        source: ConnectionSettings,
        tool: String,
        host: String,
        compressionLevel: Int = 1
    ) {
        self.point = point
        self.source = source
        self.tool = tool
        self.host = host
        self.compressionLevel = compressionLevel
    }
}
