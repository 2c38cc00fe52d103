/// What `pg_current_snapshot()` says: `xmin:xmax:xip,…`.
struct SnapshotBounds: Sendable, Hashable {
    /// Every transaction below it has ended.
    let xmin: UInt64
    /// No transaction from it on is visible.
    let xmax: UInt64

    /// Reads the text; nil when it is anything else.
    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let xmin = UInt64(parts[0]), let xmax = UInt64(parts[1]), xmin <= xmax else {
            return nil
        }
        self.xmin = xmin
        self.xmax = xmax
    }
}
