/// Why a range was read from the database rather than taken over from the point before.
package enum ReadReason: String, Sendable, CaseIterable, Codable {
    case forced
    case noBase = "no-base"
    case otherCluster = "other-cluster"
    case noAnchor = "no-anchor"
    case anchorLost = "anchor-lost"
    case historyRange = "history-range"
    case newTable = "new-table"
    case tableChanged = "table-changed"
    case notComparable = "not-comparable"
    case newRange = "new-range"
    case rowsChanged = "rows-changed"
    case alwaysChanges = "always-changes"
    case archiveMissing = "archive-missing"
    case archiveDamaged = "archive-damaged"
    case repack
    case rereadDue = "reread-due"
    case small = "small-table"
    case violation

    /// The reason as people read it after "read 2 ranges: ".
    package var explanation: String {
        switch self {
        case .forced: "a full read was asked for"
        case .noBase: "there is no earlier point to build on"
        case .otherCluster: "the server, its version or the database is not the one of the point before"
        case .noAnchor: "the point before could not tie itself to the server's history"
        case .anchorLost: "the server's history is not the one of the point before (a restore, a failover or a crash)"
        case .historyRange: "too many transactions have passed since the point before"
        case .newTable: "the table is new"
        case .tableChanged: "the table was rewritten or its definition changed"
        case .notComparable: "rows of this kind of table cannot be compared without reading them"
        case .newRange: "the table has grown"
        case .rowsChanged: "rows were added, changed or removed"
        case .alwaysChanges: "most of the table changed in the last runs, so nobody looked for changes"
        case .archiveMissing: "the archive that held the rows is gone"
        case .archiveDamaged: "the archive that held the rows was found damaged"
        case .repack: "the archive that held the rows is mostly dead, and was marked for reading again"
        case .rereadDue: "it is time to read it again"
        case .small: "small tables are read each time, and these are as they were"
        case .violation: "the proof that nothing changed was contradicted in this run"
        }
    }
}
