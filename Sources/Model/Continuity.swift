/// What ties a point to one physical history of one cluster, so that a later run may trust unchanged (ctid, xmin).
package struct Continuity: Sendable, Hashable, Codable {
    package var cluster: ClusterKey
    /// Snapshot bounds as 64-bit transaction ids.
    package var xmin: UInt64
    package var xmax: UInt64
    /// Proof, made after the snapshot, that this history goes on; without it nothing is reused.
    package var anchor: Anchor?

    /// Creates the facts.
    package init(cluster: ClusterKey, xmin: UInt64, xmax: UInt64, anchor: Anchor?) {
        self.cluster = cluster
        self.xmin = xmin
        self.xmax = xmax
        self.anchor = anchor
    }
}

/// The server and database a point was read from; any difference means reading everything.
package struct ClusterKey: Sendable, Hashable, Codable {
    package var systemIdentifier: String
    package var timeline: Int
    package var databaseOID: UInt32
    package var serverVersion: Int
    package var versionHash: String
    /// SHA-256 of the pinned session settings, hex.
    package var settingsHash: String

    /// Creates a key.
    package init(
        systemIdentifier: String,
        timeline: Int,
        databaseOID: UInt32,
        serverVersion: Int,
        versionHash: String,
        settingsHash: String
    ) {
        self.systemIdentifier = systemIdentifier
        self.timeline = timeline
        self.databaseOID = databaseOID
        self.serverVersion = serverVersion
        self.versionHash = versionHash
        self.settingsHash = settingsHash
    }
}

/// Transactions committed or rolled back at random after a snapshot.
///
/// A history in which every one of them ended the same way contains all the write-ahead log up to them, hence every
/// commit that the snapshot saw (reliability argument in `docs/incremental.md`).
package struct Anchor: Sendable, Hashable, Codable {
    /// The transaction ids, 64-bit, in the order they were assigned.
    package var transactions: [UInt64]
    /// Whether each of them was committed.
    package var committed: [Bool]

    /// Creates an anchor.
    package init(transactions: [UInt64], committed: [Bool]) {
        self.transactions = transactions
        self.committed = committed
    }
}
