/// The configuration of a scratch cluster: made for one restore, and honest about durability when it is judged.
package struct ClusterTuning: Sendable, Hashable {
    /// Off only for rehearsals that nobody judges.
    package var isDurable: Bool
    /// Memory of the machine, in bytes; the cluster takes a share of it.
    package var machineBytes: Int64
    /// Tables in the point: each needs a lock slot when a schema is built in one transaction.
    package var tables: Int
    package var connections: Int
    /// The server's major version.
    package var major: Int

    /// Creates a tuning.
    package init(isDurable: Bool, machineBytes: Int64, tables: Int, connections: Int, major: Int) {
        self.isDurable = isDurable
        self.machineBytes = machineBytes
        self.tables = tables
        self.connections = connections
        self.major = major
    }

    /// The whole configuration file.
    ///
    /// Nothing is preloaded, nothing listens on the network.
    func configuration(socketFolder: String, port: Int) -> String {
        let megabytes = machineBytes / 1_000_000
        // Each worker may have three: one that defines, one that may run the source's code, and one that loads. Some more
        // are kept for the superuser, and those that have ended count for a while.
        let sessions = connections * 4 + 20
        let settings: [(String, String)] = [
            ("listen_addresses", "''"),
            ("port", "\(port)"),
            ("unix_socket_directories", "'\(socketFolder)'"),
            ("unix_socket_permissions", "0700"),
            ("shared_preload_libraries", "''"),
            ("session_preload_libraries", "''"),
            ("local_preload_libraries", "''"),
            ("max_connections", "\(sessions)"),
            ("max_locks_per_transaction", "\(max(64, min(tables, 100_000) * 4 / sessions))"),
            ("shared_buffers", "\(clamp(megabytes / 16, 32, 1024))MB"),
            ("maintenance_work_mem", "\(clamp(megabytes / 24, 64, 512))MB"),
            // Written once and thrown away: no replica, no archive, so loading a new table may skip the log.
            ("wal_level", "minimal"),
            ("max_wal_senders", "0"),
            ("max_wal_size", "4GB"),
            ("checkpoint_timeout", "1h"),
            ("autovacuum", "off"),
            ("fsync", isDurable ? "on" : "off"),
            ("synchronous_commit", isDurable ? "on" : "off"),
            ("logging_collector", "off"),
            ("log_destination", "stderr"),
            ("lc_messages", "'C'"),
            ("timezone", "'UTC'"),
            ("data_directory", "'\(socketFolder)/data'"),
            ("hba_file", "'\(socketFolder)/data/pg_hba.conf'"),
            ("ident_file", "'\(socketFolder)/data/pg_ident.conf'"),
        ]
        // From 17 on one may run at each login, ours included.
        let events = major >= 17 ? [("event_triggers", "off")] : []
        return (settings + events).map { "\($0.0) = \($0.1)\n" }.joined()
    }

    private func clamp(_ value: Int64, _ low: Int64, _ high: Int64) -> Int64 { min(max(value, low), high) }
}
