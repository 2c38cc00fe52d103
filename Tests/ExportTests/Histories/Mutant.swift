import Model
import PostgresClient
import Testing

@testable import Export
@testable import Repository

/// A guard of the reuse that is taken away, to see that random histories miss it.
///
/// Nothing in the program can switch a guard off: a mutant falsifies what the guard looks at, so that it sees nothing.
enum Mutant: String, CaseIterable, Sendable {
    // Of the whole point before.
    case systemUnseen, timelineUnseen, databaseUnseen, versionUnseen, buildUnseen, settingsUnseen
    /// A transaction counter that went back, or that went round.
    case rewindUnseen, distanceUnseen
    /// Any anchor counts, one that was never cast counts, one that was cast before the snapshot counts.
    case anchorUnseen, missingAnchorUnseen, anchorBeforeSnapshot
    // Of a table.
    case kindUnseen, fileUnseen, columnsUnseen, enumLabelsUnseen, attributesUnseen
    // Of a range.
    case archiveUnseen, windowUnseen, windowTooLate, countUnseen, permanentUnseen, crossCheckUnseen

    enum Level { case point, table, range }

    var level: Level {
        switch self {
        case .systemUnseen, .timelineUnseen, .databaseUnseen, .versionUnseen, .buildUnseen, .settingsUnseen,
            .rewindUnseen, .distanceUnseen, .anchorUnseen, .missingAnchorUnseen, .anchorBeforeSnapshot:
            .point
        case .kindUnseen, .fileUnseen, .columnsUnseen, .enumLabelsUnseen, .attributesUnseen, .archiveUnseen: .table
        case .windowUnseen, .windowTooLate, .countUnseen, .permanentUnseen, .crossCheckUnseen: .range
        }
    }

    /// What gives a mutant away: the anchor must be missed by the rows themselves.
    func isGivenAway(by fault: Fault) -> Bool {
        switch self {
        case .anchorUnseen, .anchorBeforeSnapshot: fault == .otherRows
        default: true
        }
    }

    /// The piece of the catalog key's query that is left out.
    private var leftOut: (piece: String, instead: String)? {
        switch self {
        case .fileUnseen: ("c.oid, pg_catalog.pg_relation_filenode(c.oid), c.relam", "c.oid, c.relam")
        case .columnsUnseen: ("lists.columns)", "'')")
        case .enumLabelsUnseen: ("e.oid || '=' || quote_literal(e.enumlabel)", "e.oid::pg_catalog.text")
        case .attributesUnseen:
            (
                "string_agg(concat_ws(':', a.attnum, a.attname, a.atttypid, a.atttypmod, a.attisdropped), ','",
                "min(''::pg_catalog.text"
            )
        default: nil
        }
    }

    /// The catalog key's query without one piece; nil for the other mutants.
    ///
    /// Throws when the piece is not there any more.
    var keyQuery: String? {
        get throws {
            guard let (piece, instead) = leftOut else { return nil }
            try #require(CatalogKeys.sql.contains(piece), "\(self): the query has changed")
            return CatalogKeys.sql.replacing(piece, with: instead)
        }
    }

    /// Falsifies the point before as it is seen from `now`; `visible` is an anchor that any look finds in its place.
    func falsify(_ base: inout Manifest, of moment: Moment, seenFrom now: Moment, visible: Anchor?) {
        guard let cluster = now.manifest.continuity?.cluster else { return }
        switch self {
        case .systemUnseen: base.continuity?.cluster.systemIdentifier = cluster.systemIdentifier
        case .timelineUnseen: base.continuity?.cluster.timeline = cluster.timeline
        case .databaseUnseen: base.continuity?.cluster.databaseOID = cluster.databaseOID
        case .versionUnseen: base.continuity?.cluster.serverVersion = cluster.serverVersion
        case .buildUnseen: base.continuity?.cluster.versionHash = cluster.versionHash
        case .settingsUnseen: base.continuity?.cluster.settingsHash = cluster.settingsHash
        case .rewindUnseen:
            base.continuity?.xmax = min(moment.bounds.xmax, now.bounds.xmax)
            base.continuity?.xmin = min(moment.bounds.xmin, now.bounds.xmax)
        case .distanceUnseen where moment.bounds.xmax < now.bounds.xmax:
            base.continuity?.xmin = now.bounds.xmax
            base.continuity?.xmax = now.bounds.xmax
        case .anchorUnseen: base.continuity?.anchor = visible
        case .missingAnchorUnseen where moment.manifest.continuity?.anchor == nil: base.continuity?.anchor = visible
        case .anchorBeforeSnapshot where moment.manifest.continuity?.anchor == nil:
            base.continuity?.anchor = moment.earlyAnchor
        case .kindUnseen: for table in base.tables.indices { base.tables[table].isReusable = true }
        case _ where leftOut != nil:
            for table in base.tables.indices {
                base.tables[table].catalogKey = moment.blindKeys[self]?[base.tables[table].fullName]
            }
        default: break
        }
    }

    /// Falsifies a table as it is now.
    func falsify(_ table: inout SourceTable, seenFrom now: Moment) {
        if self == .kindUnseen { table.isReusable = true }
        if leftOut != nil {
            table.catalogKey = now.blindKeys[self]?[TableName(schema: table.schema, name: table.name)]
        }
    }

    /// Falsifies what is known of a range, then and now; `late` is the number of rows that came after the whole snapshot.
    func falsify(_ base: inout TableRange, _ scan: inout WindowedScan, late: Int64) {
        switch self {
        case .windowUnseen: scan.inWindows = [0]
        case .windowTooLate: scan.inWindows = [late]
        case .countUnseen: base.fingerprint?.rows = scan.fingerprint.rows
        case .permanentUnseen:
            base.fingerprint?.permanent = 0
            scan.fingerprint.permanent = 0
        case .crossCheckUnseen:
            base.fingerprint?.first = scan.fingerprint.first
            base.fingerprint?.second = scan.fingerprint.second
        default: break
        }
    }
}

/// What a decision can do wrong.
enum Fault: Hashable, Sendable {
    /// Rows were taken over that are others now.
    case otherRows
    /// The two arguments contradict each other though the server and its disk are sound.
    case falseAlarm
    case missingArchive
    /// Something was taken over from a point of another server, database or history.
    case foreignPoint
    /// What can be known without asking the server was not held against the point.
    case unobstructed
}
